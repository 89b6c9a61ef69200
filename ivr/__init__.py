"""What a caller hears and chooses before an agent answers: spoken prompts, menus, the queue's announcements."""
