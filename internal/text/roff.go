package text

import "strings"

var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, "|", `|\:`)

// Roff writes a text for man(7): a paragraph is a line that is filled, a line that begins with spaces stays one.
func Roff(text string) string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		words := roffEscapes.Replace(strings.TrimLeft(line, " "))
		if strings.HasPrefix(words, ".") {
			words = `\&` + words // else it were a request
		}
		switch indent := len(line) - len(strings.TrimLeft(line, " ")); {
		case line == "":
			words = ".PP"
		case len(lines) > 0 && lines[len(lines)-1] != ".PP":
			lines = append(lines, ".br")
			fallthrough
		default:
			words = strings.Repeat(`\ `, indent) + words
		}
		lines = append(lines, words)
	}
	return strings.Join(lines, "\n")
}
