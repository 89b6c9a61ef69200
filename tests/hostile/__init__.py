"""What a broken or hostile peer sends, as data: AMI streams, SIP datagrams, HTTP requests, websocket frames."""
