package task

import "taskrecon/internal/text"

// Plural is text.Plural.
func Plural(n int, noun string) string { return text.Plural(n, noun) }
