"""Questions and answers that others wrote: the FAQs of Debian's documentation packages."""
