"""The dial-test probe (拨测): a caller of our own that rings each number from the trunk side and tells what it met."""
