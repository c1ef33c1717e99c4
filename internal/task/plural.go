package task

import (
	"fmt"
	"strings"
)

// Plural is a number with its noun: "1 row", "2 rows", "3 patches".
func Plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "ch"):
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
