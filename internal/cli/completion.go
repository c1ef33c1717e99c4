package cli

import (
	"embed"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/template"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/exit"
)

// completions holds a template for the script of each shell.
//
//go:embed completion
var completions embed.FS

var shells = []string{"bash", "zsh", "fish", "pwsh"}

func (p *program) completionCommand() *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "print a script that completes commands, flags and values in a shell",
		UsageText: "taskrecon completion " + strings.Join(shells, "|"),
		Description: "Prints the script for one shell. It needs taskrecon no more once it is loaded; print it again after an upgrade.\n\n" +
			"Examples:\n" +
			"  taskrecon completion bash >/etc/bash_completion.d/taskrecon\n" +
			"  taskrecon completion zsh >\"${fpath[1]}/_taskrecon\"\n" +
			"  taskrecon completion fish >~/.config/fish/completions/taskrecon.fish\n" +
			"  taskrecon completion pwsh >>$PROFILE",
		Action: p.completion,
	}
}

func (p *program) completion(c *cli.Context) error {
	if c.Args().Len() != 1 || !slices.Contains(shells, c.Args().First()) {
		return exit.Errorf(exit.Usage, "see taskrecon completion --help", "completion needs one of %s, not %q", strings.Join(shells, ", "), c.Args().Slice())
	}
	name := c.Args().First() + ".tmpl"
	t, err := template.New(name).Funcs(template.FuncMap{
		"join": strings.Join, "quote": inQuotes, "zshFlag": zshFlag, "fish": fishQuoted, "fishName": fishName, "pwsh": pwshQuoted,
	}).ParseFS(completions, "completion/"+name)
	if err != nil {
		return err
	}
	return t.Execute(p.stdout, completedCommands(p.app()))
}

// completedCommand is what can follow a command.
type completedCommand struct {
	Name, Usage string
	Words       []string // that an argument can be; none where it is a file
	Flags       []completedFlag
}

type completedFlag struct {
	Names  []string // with their dashes
	Usage  string
	Value  string   // placeholder of the value; "" of a flag that takes none
	Values []string // that the value can be; none where it can be anything
	Many   bool     // may be repeated
}

func completedCommands(app *cli.App) []completedCommand {
	var names []string
	for _, c := range app.Commands {
		names = append(names, c.Name)
	}
	var commands []completedCommand
	for _, c := range app.Commands {
		done := completedCommand{Name: c.Name, Usage: c.Usage, Words: argumentWords(c, names)}
		flags := c.Flags
		if c.SkipFlagParsing {
			flags = flagsOfAll(app)
		}
		for _, f := range flags {
			done.Flags = append(done.Flags, completedFlagOf(f))
		}
		if !slices.ContainsFunc(flags, func(f cli.Flag) bool { return f.Names()[0] == "help" }) {
			done.Flags = append(done.Flags, completedFlagOf(cli.HelpFlag))
		}
		commands = append(commands, done)
	}
	return commands
}

// flagsOfAll is the flags of all commands, each name once.
func flagsOfAll(app *cli.App) []cli.Flag {
	var all []cli.Flag
	seen := map[string]bool{}
	for _, c := range app.Commands {
		for _, f := range c.Flags {
			if !seen[f.Names()[0]] {
				seen[f.Names()[0]] = true
				all = append(all, f)
			}
		}
	}
	return all
}

// argumentWords reads from a command's usage what its argument can be: one of a|b|c, or the name of a command.
func argumentWords(c *cli.Command, commands []string) []string {
	fields := strings.Fields(strings.TrimPrefix(usageText(c), "taskrecon "+c.Name))
	for _, field := range fields {
		switch field = strings.Trim(field, "[]"); {
		case field == "COMMAND":
			return commands
		case field != "FLAGS":
			return wordsIn(field)
		}
	}
	return nil
}

// plainWord is compiled when it is first used, by completion alone.
var plainWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][A-Za-z0-9-]*$`) })

// wordsIn returns the alternatives of a placeholder that stand for themselves: in a|b|FILE these are a and b.
func wordsIn(placeholder string) []string {
	var words []string
	for word := range strings.SplitSeq(placeholder, "|") {
		if plainWord().MatchString(word) {
			words = append(words, word)
		}
	}
	return words
}

func completedFlagOf(f cli.Flag) completedFlag {
	done := completedFlag{}
	for _, n := range f.Names() {
		dashes := "--"
		if len(n) == 1 {
			dashes = "-"
		}
		done.Names = append(done.Names, dashes+n)
	}
	names, words := flagWords(f)
	done.Usage = words
	if _, isBool := f.(*cli.BoolFlag); !isBool {
		first, _, _ := strings.Cut(names, ",")
		_, done.Value, _ = strings.Cut(first, " ")
		done.Values = wordsIn(done.Value)
	}
	_, done.Many = f.(*cli.StringSliceFlag)
	return done
}

func fishQuoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

func fishName(name string) string {
	if long, ok := strings.CutPrefix(name, "--"); ok {
		return "-l " + long
	}
	return "-s " + strings.TrimPrefix(name, "-")
}

func pwshQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// zshFlag is one spelling of a flag as _arguments takes it; whoever has typed one spelling is not offered the others.
func zshFlag(f completedFlag, name string) string {
	plain := strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`).Replace
	spec := "(" + strings.Join(f.Names, " ") + ")"
	if f.Many {
		spec = "*"
	}
	spec += name
	if f.Value != "" && strings.HasPrefix(name, "--") {
		spec += "="
	}
	spec += "[" + plain(f.Usage) + "]"
	switch {
	case f.Value == "":
	case len(f.Values) > 0:
		spec += ":" + plain(f.Value) + ":(" + strings.Join(f.Values, " ") + ")"
	default:
		spec += ":" + plain(f.Value) + ":_files"
	}
	return inQuotes(spec)
}
