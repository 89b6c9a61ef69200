"""Work orders (工单): what the citizen said, who answers it, and until when; deciding modules are pure, store/ is the database."""
