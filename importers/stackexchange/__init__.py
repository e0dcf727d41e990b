"""Stack Exchange: questions with answers and comments, from data dumps and from the API, become threads."""
