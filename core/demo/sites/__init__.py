"""The sites that the practice network plays, each as its recorded pages show it."""
