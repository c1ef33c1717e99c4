package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/exit"
)

const (
	helpWidth  = 80 // columns of a help text
	helpIndent = 3
	helpColumn = 28 // where the words about a flag begin
)

func (p *program) helpCommand() *cli.Command {
	return &cli.Command{
		Name: "help", Aliases: []string{"h"}, Usage: "show the help of a command", UsageText: "taskrecon help [COMMAND]",
		Description: "Shows what \"taskrecon COMMAND --help\" shows.\n\nExample: taskrecon help apply",
		Action: func(c *cli.Context) error {
			switch c.Args().Len() {
			case 0:
				return cli.ShowAppHelp(c)
			case 1:
			default:
				return usage("help takes one command, not %d words: %q", c.Args().Len(), c.Args().Slice())
			}
			app := p.app()
			command := app.Command(c.Args().First())
			if command == nil {
				return p.noCommand(app, c.Args().First())
			}
			_, err := fmt.Fprint(p.stdout, commandHelp(command))
			return err
		},
	}
}

// literal is a template of urfave/cli that says nothing but text.
func literal(text string) string { return "{{" + strconv.Quote(text) + "}}" }

// appHelp is the help of the program.
func appHelp(app *cli.App) string {
	var b strings.Builder
	section(&b, "NAME", hang("taskrecon - "+app.Usage, helpIndent, helpIndent+4))
	section(&b, "USAGE", hang(app.UsageText, helpIndent, helpIndent+4))
	section(&b, "DESCRIPTION", layOut(app.Description, helpIndent))
	var lines []string
	for _, c := range app.Commands {
		lines = append(lines, beside(c.Name, c.Usage, helpIndent, helpIndent+14)...)
	}
	section(&b, "COMMANDS", lines)
	lines = nil
	for _, m := range exit.Meanings {
		lines = append(lines, beside(strconv.Itoa(m.Code), m.String(), helpIndent, helpIndent+5)...)
	}
	section(&b, "Exit codes", lines)
	return b.String()
}

// commandHelp is the help of a command.
func commandHelp(c *cli.Command) string {
	var b strings.Builder
	section(&b, "NAME", hang("taskrecon "+c.Name+" - "+c.Usage, helpIndent, helpIndent+4))
	section(&b, "USAGE", hang(usageText(c), helpIndent, helpIndent+4))
	if c.Description != "" {
		section(&b, "DESCRIPTION", layOut(c.Description, helpIndent))
	}
	var lines []string
	for i, g := range flagGroups(c) {
		if i > 0 {
			lines = append(lines, "")
		}
		indent := helpIndent
		if g.name != "" {
			lines = append(lines, strings.Repeat(" ", helpIndent)+g.name)
			indent += 2
		}
		for _, f := range g.flags {
			names, words := flagWords(f)
			lines = append(lines, beside(names, words, indent, helpColumn)...)
		}
	}
	section(&b, "OPTIONS", lines)
	return b.String()
}

func usageText(c *cli.Command) string {
	if c.UsageText != "" {
		return c.UsageText
	}
	return "taskrecon " + c.Name
}

func section(b *strings.Builder, name string, lines []string) {
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(name + ":\n")
	for _, line := range lines {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// flagGroup is the flags of one category.
type flagGroup struct {
	name  string
	flags []cli.Flag
}

// flagGroups returns a command's flags by category, those without one first, and last the one that asks for help.
func flagGroups(c *cli.Command) []flagGroup {
	var groups []flagGroup
	for _, f := range c.Flags {
		name := ""
		if slices.Equal(f.Names(), cli.HelpFlag.Names()) {
			continue
		}
		if categorized, ok := f.(cli.CategorizableFlag); ok {
			name = categorized.GetCategory()
		}
		i := slices.IndexFunc(groups, func(g flagGroup) bool { return g.name == name })
		if i < 0 {
			i = len(groups)
			groups = append(groups, flagGroup{name: name})
		}
		groups[i].flags = append(groups[i].flags, f)
	}
	slices.SortFunc(groups, func(a, b flagGroup) int { return strings.Compare(a.name, b.name) })
	if len(groups) == 0 || groups[0].name != "" {
		return append(groups, flagGroup{name: "Help", flags: []cli.Flag{cli.HelpFlag}})
	}
	groups[0].flags = append(groups[0].flags, cli.HelpFlag)
	return groups
}

// flagWords is how a flag is written, and what it does. A default that the words name already, or that is nothing, is not
// named after them.
func flagWords(f cli.Flag) (names, words string) {
	names, words, _ = strings.Cut(f.String(), "\t")
	names, _, _ = strings.Cut(names, " [ ") // how it looks when it is repeated
	words = strings.TrimSpace(strings.ReplaceAll(words, "\t", " "))
	if at := strings.LastIndex(words, " (default: "); at >= 0 {
		last := words[at:]
		if last == " (default: 0)" || last == " (default: 0s)" || strings.Contains(words[:at], "(default: ") {
			words = words[:at]
		}
	}
	return strings.TrimSpace(names), words
}

// layOut fits a description into the width. Lines that begin with a space stay lines, others run together to paragraphs; an
// example that is too long is continued as a shell takes it.
func layOut(description string, indent int) []string {
	var out, paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			out = append(out, hang(strings.Join(paragraph, " "), indent, indent)...)
			paragraph = nil
		}
	}
	for _, line := range strings.Split(strings.TrimRight(description, "\n"), "\n") {
		text := strings.TrimLeft(line, " ")
		deep := indent + len(line) - len(text)
		switch {
		case text == "":
			flush()
			out = append(out, "")
		case isExample(line):
			flush()
			if rest, ok := strings.CutPrefix(text, "Example: "); ok {
				out = append(out, strings.Repeat(" ", indent)+"Example:")
				text, deep = rest, indent+2
			}
			out = append(out, continued(text, deep)...)
		case deep > indent || hangOf(text) > 2:
			flush()
			out = append(out, hang(line[deep-indent:], deep, deep+hangOf(text))...)
		default:
			paragraph = append(paragraph, text)
		}
	}
	flush()
	return out
}

func isExample(line string) bool {
	return strings.HasPrefix(line, "Example: taskrecon ") || strings.HasPrefix(line, " ") && strings.HasPrefix(strings.TrimLeft(line, " "), "taskrecon ")
}

// hangOf is where the second column of a line begins, if it has two.
func hangOf(line string) int {
	if before, after, ok := strings.Cut(line, "  "); ok {
		return len(before) + 2 + len(after) - len(strings.TrimLeft(after, " "))
	}
	return 2
}

// examplesIn returns the command lines of a description.
func examplesIn(description string) []string {
	var examples []string
	for line := range strings.SplitSeq(description, "\n") {
		if isExample(line) {
			examples = append(examples, strings.TrimPrefix(strings.TrimLeft(line, " "), "Example: "))
		}
	}
	return examples
}

// beside puts words into a column to the right of a name, or below it where the name is long.
func beside(name, words string, indent, column int) []string {
	head := strings.Repeat(" ", indent) + name
	if utf8.RuneCountInString(head)+2 > column {
		return append(hang(name, indent, indent+4), hang(words, column, column)...)
	}
	lines := hang(words, column, column)
	if len(lines) == 0 {
		return []string{head}
	}
	lines[0] = head + lines[0][utf8.RuneCountInString(head):]
	return lines
}

// hang breaks text between words into lines that fit, the first of them indented by first, the others by rest. A run of spaces
// inside a line stays as it is.
func hang(text string, first, rest int) []string {
	return breakLine(text, first, rest, "", nil)
}

// continued breaks a shell's command line outside its quotes, where a backslash continues it.
func continued(command string, indent int) []string {
	quote := rune(0)
	inside := map[int]bool{}
	for i, r := range command {
		switch {
		case quote != 0:
			inside[i] = true
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		}
	}
	return breakLine(command, indent, indent+2, " \\", inside)
}

// breakLine breaks at spaces that are not kept or, where a word alone is too long and nothing has to stand at the end of a
// line, behind the bars between alternatives.
func breakLine(text string, first, rest int, end string, kept map[int]bool) []string {
	var lines []string
	indent, start := first, 0
	for start < len(text) {
		room := helpWidth - indent
		if utf8.RuneCountInString(text[start:]) <= room {
			return append(lines, strings.Repeat(" ", indent)+text[start:])
		}
		space, bar, late, column := -1, -1, -1, 0
		for i, r := range text[start:] {
			fits := column <= room-len(end)
			switch {
			case r == ' ' && i > 0 && !kept[start+i] && fits:
				space = start + i
			case r == ' ' && i > 0 && !kept[start+i] && late < 0:
				late = start + i
			case r == '|' && end == "" && column < room:
				bar = start + i + 1
			}
			column++
		}
		at := space
		if at < 0 {
			at = bar
		}
		if at < 0 {
			at = late
		}
		if at < 0 {
			at = len(text)
		}
		line := strings.Repeat(" ", indent) + strings.TrimRight(text[start:at], " ")
		if at < len(text) {
			line += end
		}
		lines = append(lines, line)
		start = at + len(text[at:]) - len(strings.TrimLeft(text[at:], " "))
		indent = rest
	}
	return lines
}
