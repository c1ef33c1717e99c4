package cli

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/exit"
	"taskrecon/internal/job"
	"taskrecon/internal/ledger"
	"taskrecon/internal/notify"
	"taskrecon/internal/settings"
	"taskrecon/internal/text"
)

const configFlag = "config"

func flagsOfConfig() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: configFlag, Category: inputFlags, Usage: "take what neither flags nor variables say from `FILE.yaml`"},
	}
}

// settle gives every flag that the command line does not set the value of its variable or, failing that, of the
// configuration file, and says where each came from. Such a value counts as set. Beside an error it has settled what
// could be settled.
func (p *program) settle(c *cli.Context) (map[string]string, error) {
	sources := map[string]string{}
	goesOn := c.Command.Name == "apply" && ledger.Is(job.LedgerAt(c.Args().First()))
	var first error
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		value, ok := p.env[variable(name)]
		switch {
		case c.IsSet(name):
			sources[name] = "flag"
		case goesOn && slices.Contains(placesOfRun, name):
			sources[name] = "ledger"
		case ok && value != "":
			sources[name] = variable(name)
			if err := c.Set(name, value); err != nil && first == nil {
				first = exit.Errorf(exit.Usage, "", "%s=%q: %s", variable(name), value, err.Error())
			}
		default:
			sources[name] = "default"
		}
	}
	path := c.String(configFlag)
	if first != nil {
		return sources, first
	}
	if path != "" {
		if err := p.takeConfig(c, path, sources); err != nil {
			return sources, err
		}
	}
	if err := p.takeProfile(c, sources, goesOn); err != nil {
		return sources, err
	}
	return sources, checkChoices(c)
}

// takeConfig gives the flags that neither flags nor variables set the values of a configuration file.
func (p *program) takeConfig(c *cli.Context, path string, sources map[string]string) error {
	file, err := settings.Read(path, p.settable(), secretVariables)
	if err != nil {
		return err
	}
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		value, ok := file.Value(c.Command.Name, name)
		if !ok || sources[name] != "default" {
			continue
		}
		sources[name] = fmt.Sprintf("%s:%d", path, value.Line)
		for _, text := range value.Texts {
			if err := c.Set(name, text); err != nil {
				return usage("%s:%d: %s: %s", path, value.Line, name, err.Error())
			}
		}
	}
	return nil
}

// settable are the flags that a configuration file may set.
func (p *program) settable() settings.Flags {
	all := settings.Flags{}
	for _, c := range p.app().Commands {
		if c.SkipFlagParsing || !hasFlag(c, configFlag) {
			continue
		}
		all[c.Name] = map[string]settings.Flag{}
		for _, f := range c.Flags {
			if name := f.Names()[0]; name != "help" {
				all[c.Name][name] = settableFlag(name, f)
			}
		}
	}
	return all
}

func settableFlag(name string, f cli.Flag) settings.Flag {
	s := settings.Flag{Wants: "a text", Takes: func(text string) bool {
		set := flag.NewFlagSet("", flag.ContinueOnError)
		return f.Apply(set) == nil && set.Set(name, text) == nil
	}}
	switch f := f.(type) {
	case *cli.BoolFlag:
		s.Wants = "true or false"
	case *cli.IntFlag, *cli.Uint64Flag:
		s.Wants = "a whole number"
	case *cli.DurationFlag:
		s.Wants = "a time with its unit, such as 30s or 50m"
	case *cli.StringSliceFlag:
		s.Many = true
	case *cli.GenericFlag:
		if _, secret := f.Value.(*notify.SecretAddress); secret {
			s.Refused = fmt.Sprintf("addresses that notices go to are secrets, and these have no place in a configuration file; name a file with %s-file, or set %s", name, variable(name))
		}
	}
	if name == configFlag {
		s.Refused = "a configuration file cannot name another one"
	}
	return s
}

// checkChoices refuses values that are none of those which the help of the flag lists, and gives the others the help's case.
func checkChoices(c *cli.Context) error {
	for _, f := range c.Command.Flags {
		name, alternatives := f.Names()[0], strings.Split(placeholder(f), "|")
		value := c.String(name)
		if len(wordsIn(placeholder(f))) < len(alternatives) || !c.IsSet(name) || value == "" {
			continue
		}
		i := slices.IndexFunc(alternatives, func(a string) bool { return strings.EqualFold(a, value) })
		switch {
		case i < 0 && len(alternatives) == 2:
			return usage("--%s %q is neither %s nor %s", name, value, alternatives[0], alternatives[1])
		case i < 0:
			return usage("--%s %q is none of %s", name, value, strings.Join(alternatives, ", "))
		}
		if err := c.Set(name, alternatives[i]); err != nil {
			return err
		}
	}
	return nil
}

// placesOfRun are the flags that say where a new run is kept. One that goes on has its places.
var placesOfRun = []string{"run-dir", "ledger", "report"}

// settled is a command's action behind settle. What fails there is printed like an error of the command.
func (p *program) settled(next cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		err := p.checkVariables()
		if err == nil {
			_, err = p.settle(c)
		}
		if err == nil {
			return next(c)
		}
		if !hasFlag(c.Command, "json") {
			return err
		}
		return p.runCommand(c, func(*cli.Context) (*job.Summary, error) { return nil, err })
	}
}

func hasFlag(c *cli.Command, name string) bool {
	return slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return f.Names()[0] == name })
}

func (p *program) configCommand() *cli.Command {
	return &cli.Command{
		Name: "config", Usage: "print what is in force for a command, and where each value comes from",
		UsageText: "taskrecon config [COMMAND] [FLAGS]",
		Description: "Prints the value of each flag of COMMAND (default: apply) as that command would find it, and its source: a flag, a variable, " +
			"a line of the --config file, or the default. Takes the flags of COMMAND. Runs nothing; secrets are not shown.\n\n" +
			"Examples:\n" +
			"  taskrecon config --config nightly.yaml\n" +
			"  taskrecon config export --json",
		Flags:           join(flagsOfConfig(), flagsOfSpeech()),
		SkipFlagParsing: true, // its flags are those of another command
		Action:          p.showConfig,
	}
}

// showConfig runs the command line of another command up to the point at which its flags are settled.
func (p *program) showConfig(c *cli.Context) error {
	app := p.app()
	flags, words, err := splitArgs("config", flagsOfAll(app), c.Args().Slice())
	if err != nil {
		return err
	}
	for _, help := range []string{"--help", "-help", "-h", "--h"} {
		if slices.Contains(flags, help) {
			cli.HelpPrinter(p.stdout, c.Command.CustomHelpTemplate, c.Command)
			return nil
		}
	}
	target, err := p.configTarget(app, words)
	if err != nil && slices.ContainsFunc(flags, func(f string) bool { return f == "--json" || f == "-json" }) {
		return errors.Join(err, p.printJSON(sumUp(c, nil, err, time.Now())))
	}
	if err != nil {
		return err
	}
	own := slices.Clone(target.Flags)
	if !hasFlag(target, "json") {
		target.Flags = append(target.Flags, flagsOfSpeech()...)
	}
	target.Action = func(c *cli.Context) error { return p.printConfig(c, own) }
	return app.RunContext(c.Context, append([]string{"taskrecon", target.Name}, flags...))
}

// configTarget is the command whose flags are asked for.
func (p *program) configTarget(app *cli.App, words []string) (*cli.Command, error) {
	if len(words) == 0 {
		words = []string{"apply"}
	}
	target := app.Command(words[0])
	switch {
	case len(words) > 1:
		return nil, usage("config takes one command, not %d words: %q", len(words), words)
	case target == nil:
		return nil, p.noCommand(app, words[0])
	case !hasFlag(target, configFlag) || target.SkipFlagParsing:
		return nil, usage("%s has no flags that could be configured", target.Name)
	}
	return target, nil
}

func (p *program) printConfig(c *cli.Context, flags []cli.Flag) error {
	started := time.Now()
	s := job.NewSummary("config")
	sources, err := p.settle(c)
	if err == nil {
		s.Config = p.settingsOf(c, flags, sources)
		s.Reason = "what is in force for " + c.Command.Name
	}
	sumUp(c, s, err, started)
	if c.Bool("json") {
		if printErr := p.printJSON(s); printErr != nil && err == nil {
			err = fmt.Errorf("printing the summary: %w", printErr)
		}
		return err
	}
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "NAME\tVALUE\tSOURCE")
	for _, setting := range s.Config {
		value := text.Line(setting.Value)
		if value == "" {
			value = "(none)"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\n", setting.Name, value, text.Line(setting.Source))
	}
	return out.Flush()
}

func (p *program) settingsOf(c *cli.Context, flags []cli.Flag, sources map[string]string) []job.Setting {
	var settings []job.Setting
	for _, f := range flags {
		name := f.Names()[0]
		if name == "help" {
			continue
		}
		setting := job.Setting{Name: name, Value: shownValue(c, name), Source: sources[name]}
		if azure := azureVariables[name]; setting.Value == "" && p.env[azure] != "" {
			setting.Value, setting.Source = p.env[azure], azure
		}
		settings = append(settings, setting)
	}
	for _, name := range secretVariables {
		setting := job.Setting{Name: name, Value: "not set", Source: "default"}
		if p.env[name] != "" {
			setting.Value, setting.Source = "set (hidden)", "environment"
		}
		settings = append(settings, setting)
	}
	return settings
}

// shownValue is the value of a flag without the password that an address may hold.
func shownValue(c *cli.Context, name string) string {
	value := flagText(c, name)
	if u, err := url.Parse(value); err == nil && u.User != nil {
		u.User = url.User("hidden")
		return u.String()
	}
	return value
}
