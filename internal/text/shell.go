package text

import "strings"

// ShellWord is a text as one word of a POSIX shell's command line, quoted where it has to be.
func ShellWord(s string) string {
	special := func(r rune) bool {
		plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/:@%+,=", r)
		return !plain
	}
	if s != "" && !strings.ContainsFunc(s, special) && s[0] != '-' {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
