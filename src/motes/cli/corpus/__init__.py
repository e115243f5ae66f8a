"""What is done with many recordings at once, a module for each verb."""
