package text

import (
	"strconv"
	"strings"
)

// Plural is a number with its noun: "1 row", "2000 rows", "3 patches".
func Plural(n int, noun string) string { return strconv.Itoa(n) + " " + nouns(n, noun) }

// Count is a number with its noun and its thousands apart: "1 row", "2,000 rows".
func Count(n int, noun string) string { return Grouped(n) + " " + nouns(n, noun) }

func nouns(n int, noun string) string {
	switch {
	case n == 1:
		return noun
	case strings.HasSuffix(noun, "ch"):
		return noun + "es"
	}
	return noun + "s"
}

// Grouped is a number with its thousands apart.
func Grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
