package cli

import (
	"embed"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/exit"
	"taskrecon/internal/sandbox"
	"taskrecon/internal/screen"
	"taskrecon/internal/text"
)

const (
	flagColumn = 28 // where the words about a flag begin
)

// templates holds the templates of help and manual page, and the completion scripts.
//
//go:embed templates
var templates embed.FS

func init() { // of the whole process, since urfave/cli has one printer
	cli.HelpPrinter = func(w io.Writer, name string, data any) {
		cli.HelpPrinterCustom(w, templateText(name), data, helpFuncs)
	}
}

// templateText is the template of that name.
func templateText(name string) string {
	text, err := templates.ReadFile("templates/" + name)
	if err != nil {
		panic(err) // it is part of the program
	}
	return string(text)
}

// helpFuncs is what the templates call beside urfave/cli's own functions.
var helpFuncs = map[string]any{
	"wrapAt": func() int { return screen.Width },
	"column": column, "flagNames": flagNames, "flagWords": flagWords, "roff": text.Roff, "date": sourceDate,
	"exitCodes": func() []exit.Meaning { return exit.Meanings },
	"faults":    sandbox.FaultTable,
	"faultForm": sandbox.FaultForm,
}

// column pads a text to a width, or goes on at that width on the next line where the text is longer.
func column(text any, width int) string {
	s := fmt.Sprint(text)
	if n := utf8.RuneCountInString(s); n+2 <= width {
		return s + strings.Repeat(" ", width-n)
	}
	return s + "\n" + strings.Repeat(" ", flagColumn)
}

// flagNames is how a flag is written.
func flagNames(f cli.Flag) string {
	names, _, _ := strings.Cut(f.String(), "\t")
	names, _, _ = strings.Cut(names, " [ ") // how it looks when it is repeated
	return strings.TrimSpace(names)
}

// flagWords is what a flag does. A default that the words name already, or that is nothing, is not named after them.
func flagWords(f cli.Flag) string {
	_, words, _ := strings.Cut(f.String(), "\t")
	words = strings.TrimSpace(strings.ReplaceAll(words, "\t", " "))
	if at := strings.LastIndex(words, " (default: "); at >= 0 {
		last := words[at:]
		if last == " (default: 0)" || last == " (default: 0s)" || strings.Contains(words[:at], "(default: ") {
			words = words[:at]
		}
	}
	return words
}

func (p *program) helpCommand() *cli.Command {
	return &cli.Command{
		Name: "help", Aliases: []string{"h"}, Usage: "show the help of a command", UsageText: "taskrecon help [COMMAND]",
		Description: "Shows what \"taskrecon COMMAND --help\" shows.\n\nExample:\n  taskrecon help apply",
		Action: func(c *cli.Context) error {
			switch c.Args().Len() {
			case 0:
				return cli.ShowAppHelp(c)
			case 1:
			default:
				return usage("help takes one command, not %d words: %q", c.Args().Len(), c.Args().Slice())
			}
			if c.App.Command(c.Args().First()) == nil {
				return p.noCommand(c.App, c.Args().First())
			}
			c.Command.Subcommands = c.App.Commands // where urfave/cli looks
			return cli.ShowCommandHelp(c, c.Args().First())
		},
	}
}

func (p *program) manCommand() *cli.Command {
	return &cli.Command{
		Name: "man", Usage: "print the manual page", UsageText: "taskrecon man",
		Description: "Prints the manual page of all commands, as man reads it.\n\n" +
			"Examples:\n  taskrecon man | man -l -\n  taskrecon man >/usr/local/share/man/man1/taskrecon.1",
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage("man takes no arguments, but got %q", c.Args().Slice())
			}
			app := p.app()
			app.Version = "taskrecon " + version()
			cli.HelpPrinter(p.stdout, "man.tmpl", app)
			return nil
		},
	}
}

// sourceDate is the day of the commit that the program was built from, so that the same source has the same page; "" if unknown.
func sourceDate() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	i := slices.IndexFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "vcs.time" })
	if i < 0 {
		return ""
	}
	t, err := time.Parse(time.RFC3339, info.Settings[i].Value)
	if err != nil {
		return ""
	}
	return t.Format(time.DateOnly)
}
