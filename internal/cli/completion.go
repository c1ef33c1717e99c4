package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/exit"
)

var shells = []string{"bash", "zsh", "fish", "pwsh"}

func (p *program) completionCommand() *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "print a script that completes commands, flags and values in a shell",
		UsageText: "taskrecon completion " + strings.Join(shells, "|"),
		Description: "Prints the script for one shell. Once loaded, it asks the taskrecon that is in the PATH what can follow.\n\n" +
			"Examples:\n" +
			"  taskrecon completion bash >/etc/bash_completion.d/taskrecon\n" +
			"  taskrecon completion zsh >\"${fpath[1]}/_taskrecon\"\n" +
			"  taskrecon completion fish >~/.config/fish/completions/taskrecon.fish\n" +
			"  taskrecon completion pwsh >>$PROFILE",
		Action: func(c *cli.Context) error {
			if c.Args().Len() != 1 || !slices.Contains(shells, c.Args().First()) {
				return exit.Errorf(exit.Usage, "see taskrecon completion --help", "completion needs one of %s, not %q", strings.Join(shells, ", "), c.Args().Slice())
			}
			_, err := fmt.Fprint(p.stdout, templateText("completion."+c.Args().First()))
			return err
		},
	}
}

// completeFlag begins the last argument of a completion script: --complete=WORD asks what the begun word can become, after the
// arguments before it.
const completeFlag = "--complete="

// offer is a word that can follow, and what it means.
type offer struct{ word, usage string }

// complete prints what a begun word can become, a line each: the word, a tab, and what it means.
func (p *program) complete(app *cli.App, before []string, begun string) {
	if begun == "=" { // bash takes it for a word of its own
		begun = ""
	}
	before = slices.DeleteFunc(slices.Clone(before), func(word string) bool { return word == "=" })
	for _, o := range offers(app, before, begun) {
		if strings.HasPrefix(o.word, begun) {
			fmt.Fprintf(p.stdout, "%s\t%s\n", o.word, o.usage)
		}
	}
}

// offers is what can follow the words before, or begin as begun does.
func offers(app *cli.App, before []string, begun string) []offer {
	var commands []offer
	for _, c := range app.Commands {
		commands = append(commands, offer{c.Name, c.Usage})
	}
	if len(before) == 0 {
		return append(commands, offer{"--help", "show help"})
	}
	c := app.Command(before[0])
	if c == nil {
		return nil
	}
	flags := c.Flags
	if c.SkipFlagParsing {
		flags = flagsOfAll(app)
	}
	last, prefix := before[len(before)-1], ""
	if name, _, ok := strings.Cut(begun, "="); ok && strings.HasPrefix(begun, "-") {
		last, prefix = name, name+"="
	}
	if values, ok := valuesOf(flags, last); ok {
		return asOffers(prefix, values)
	}
	if strings.HasPrefix(begun, "-") {
		return flagOffers(flags)
	}
	words := strings.Fields(strings.NewReplacer("[FLAGS]", "", "[", "", "]", "").Replace(c.UsageText))
	switch {
	case len(words) < 3:
		return nil
	case words[2] == "COMMAND":
		return commands
	}
	return asOffers("", wordsIn(words[2]))
}

// valuesOf reports whether a word is a flag that takes a value, and which values it takes where only some make sense.
func valuesOf(flags []cli.Flag, word string) ([]string, bool) {
	name := strings.TrimLeft(word, "-")
	i := slices.IndexFunc(flags, func(f cli.Flag) bool { return name != word && slices.Contains(f.Names(), name) })
	if i < 0 {
		return nil, false
	}
	if f, ok := flags[i].(cli.DocGenerationFlag); !ok || !f.TakesValue() {
		return nil, false
	}
	return wordsIn(placeholder(flags[i])), true
}

// placeholder is what the help writes for a flag's value.
func placeholder(f cli.Flag) string {
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return ""
	}
	_, text, _ := strings.Cut(d.GetUsage(), "`")
	text, _, _ = strings.Cut(text, "`")
	return text
}

func flagOffers(flags []cli.Flag) (list []offer) {
	for _, f := range flags {
		for _, name := range f.Names() {
			list = append(list, offer{strings.Repeat("-", min(len(name), 2)) + name, flagWords(f)})
		}
	}
	return list
}

func asOffers(prefix string, words []string) (list []offer) {
	for _, w := range words {
		list = append(list, offer{prefix + w, ""})
	}
	return list
}

// wordsIn returns the alternatives of a placeholder that are meant literally: in a|b|FILE these are a and b.
func wordsIn(placeholder string) []string {
	return slices.DeleteFunc(strings.Split(placeholder, "|"), func(word string) bool {
		return word == "" || word[0] < 'a' || word[0] > 'z' || strings.ContainsAny(word, ".=% ")
	})
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
