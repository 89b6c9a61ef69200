"""The one process that talks to Asterisk over AMI."""
