"""What is known about a series and its episodes, and the files that say so beside the videos."""
