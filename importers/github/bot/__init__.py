"""The bot on GitHub: commands in comments, offers to new issues, and the App's pages."""
