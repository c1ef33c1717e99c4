package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v4"

	"taskrecon/internal/exit"
	"taskrecon/internal/task"
)

// maxConfig is the size in bytes up to which a configuration file is read.
const maxConfig = 1 << 20

// fileValue is what a configuration file gives a flag: one text, or several for a flag that may be repeated.
type fileValue struct {
	texts []string
	line  int
}

// configFile is a configuration file that has been checked against the flags of all commands.
type configFile struct {
	path     string
	all      map[string]fileValue            // by flag
	sections map[string]map[string]fileValue // by command, then by flag
	problems []string
}

// value is what the file gives a command's flag. The section of the command wins.
func (f *configFile) value(command, flag string) (fileValue, bool) {
	if v, ok := f.sections[command][flag]; ok {
		return v, true
	}
	v, ok := f.all[flag]
	return v, ok
}

// readConfig reads a configuration file and checks all of it: its keys against the flags of the commands, and its
// values against the kinds of these flags. The error names every problem with its place.
func readConfig(path string, commands []*cli.Command) (*configFile, error) {
	data, err := configBytes(path)
	if err != nil {
		return nil, err
	}
	f := &configFile{path: path, all: map[string]fileValue{}, sections: map[string]map[string]fileValue{}}
	root, err := f.parse(data)
	if err != nil {
		return nil, err
	}
	if root != nil {
		f.readTop(root, commands)
	}
	if len(f.problems) > 0 {
		return nil, &exit.Error{Code: exit.Usage, Err: configProblems(f.problems)}
	}
	return f, nil
}

// configProblems is an error of a line for each problem.
type configProblems []string

func (p configProblems) Error() string   { return strings.Join(p, "\n") }
func (p configProblems) Lines() []string { return p }

// configBytes is the content of a file that nobody but its owner can write: it may name commands to run.
func configBytes(path string) ([]byte, error) {
	data, err := readSmall(path, maxConfig, func(info os.FileInfo) error {
		switch {
		case info.IsDir():
			return usage("--config %q is a directory, not a file", path)
		case runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0:
			return exit.Errorf(exit.Usage, "chmod go-w "+shellQuote(path),
				"--config %q can be written by others (mode %04o), who could make a run do anything", path, info.Mode().Perm())
		}
		return nil
	})
	var unfit *exit.Error
	switch {
	case errors.Is(err, errTooLarge):
		return nil, usage("--config %q is larger than 1 MiB, which no configuration is", path)
	case err != nil && !errors.As(err, &unfit):
		return nil, usage("--config: %s", err.Error())
	}
	return data, err
}

// parse returns the mapping that the file consists of; nil if the file holds nothing.
func (f *configFile) parse(data []byte) (*yaml.Node, error) {
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			before := data[:at]
			line, column := 1+bytes.Count(before, []byte("\n")), 1+utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
			return nil, usage("%s:%d:%d: the byte 0x%02x is not UTF-8; save the file as UTF-8", f.path, line, column, data[at])
		}
		at += size
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, f.notYAML(err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, f.errorAt(&second, "a second document begins here; a configuration is one")
	case !errors.Is(err, io.EOF):
		return nil, f.notYAML(err)
	}
	root := document.Content[0]
	switch {
	case root.Kind == yaml.ScalarNode && root.Tag == "!!null":
		return nil, nil
	case root.Kind != yaml.MappingNode:
		return nil, f.errorAt(root, "a configuration is lines of the form FLAG: VALUE, not %s", kindWord(root))
	}
	return root, nil
}

func (f *configFile) notYAML(err error) error {
	var e *yaml.LoadError
	if !errors.As(err, &e) || e.Mark.Line == 0 {
		return usage("%s: %s", f.path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return usage("%s:%d:%d: not YAML: %s", f.path, e.Mark.Line, max(e.Mark.Column, 1), e.Message)
}

func (f *configFile) errorAt(n *yaml.Node, format string, args ...any) error {
	return usage("%s:%d:%d: %s", f.path, n.Line, n.Column, fmt.Sprintf(format, args...))
}

func (f *configFile) problem(n *yaml.Node, format string, args ...any) {
	f.problems = append(f.problems, f.errorAt(n, format, args...).Error())
}

// readTop reads the keys of the file itself: flags, and commands whose value is a mapping.
func (f *configFile) readTop(root *yaml.Node, commands []*cli.Command) {
	flags := map[string]cli.Flag{}
	sections := map[string]map[string]cli.Flag{}
	for _, c := range commands {
		if !hasFlag(c, configFlag) || c.SkipFlagParsing {
			continue
		}
		sections[c.Name] = map[string]cli.Flag{}
		for _, flag := range c.Flags {
			name := flag.Names()[0]
			if name == "help" {
				continue
			}
			sections[c.Name][name] = flag
			if flags[name] == nil {
				flags[name] = flag
			}
		}
	}
	f.pairs(root, func(key, value *yaml.Node) {
		if sections[key.Value] != nil && flags[key.Value] == nil && value.Tag == "!!null" {
			return // the section of a command in which every line is a comment
		}
		if value.Kind != yaml.MappingNode {
			f.readPair(f.all, flags, "no command has", key, value)
			return
		}
		own, ok := sections[key.Value]
		if !ok {
			f.problem(key, "%q is no command that has flags, so no mapping can stand here%s", key.Value, meant(key.Value, sections))
			return
		}
		f.sections[key.Value] = map[string]fileValue{}
		f.pairs(value, func(k, v *yaml.Node) {
			f.readPair(f.sections[key.Value], own, key.Value+" does not have", k, v)
		})
	})
}

// pairs calls do for the keys of a mapping that are texts, each for the first time.
func (f *configFile) pairs(mapping *yaml.Node, do func(key, value *yaml.Node)) {
	lines := map[string]int{}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		switch {
		case value.Kind == yaml.AliasNode || value.Anchor != "" || key.Kind == yaml.AliasNode || key.Anchor != "":
			f.problem(key, "anchors and aliases (& and *) are not taken here; write the value out")
		case key.Kind != yaml.ScalarNode || key.Tag != "!!str":
			f.problem(key, "a key is the name of a flag, not %s", kindWord(key))
		case lines[key.Value] > 0:
			f.problem(key, "%q is there already, in line %d", key.Value, lines[key.Value])
		default:
			lines[key.Value] = key.Line
			do(key, value)
		}
	}
}

func (f *configFile) readPair(into map[string]fileValue, flags map[string]cli.Flag, lacks string, key, value *yaml.Node) {
	name := key.Value
	flag, known := flags[name]
	switch {
	case !known && meant(name, flags) == "" && looksSecret(name):
		f.problem(key, "%q looks like a secret, and these have no place in a configuration file; put it into a variable (%s), or into a file that a flag such as --password-file names",
			name, strings.Join(secretVariables, ", "))
	case !known:
		f.problem(key, "%s the flag %q%s", lacks, name, meant(name, flags))
	case name == configFlag:
		f.problem(key, "a configuration file cannot name another one")
	case isSecretURL(flag):
		f.problem(key, "addresses that notices go to are secrets, and these have no place in a configuration file; name a file with %s-file, or set %s", name, variable(name))
	default:
		texts, err := textsFor(flag, value)
		if err != nil {
			f.problem(value, "%s: %s", name, err.Error())
			return
		}
		into[name] = fileValue{texts: texts, line: key.Line}
	}
}

// looksSecret tells the names of secrets from those of files and commands that yield one.
func looksSecret(name string) bool {
	name = strings.ToLower(name)
	if strings.HasSuffix(name, "-file") || strings.HasSuffix(name, "-command") {
		return false
	}
	return slices.ContainsFunc([]string{"secret", "password", "passphrase", "token"}, func(s string) bool { return strings.Contains(name, s) })
}

// meant suggests the key that name is a slip of the pen for; "" where there is none.
func meant[T any](name string, known map[string]T) string {
	var names []string
	for n := range known {
		names = append(names, n)
	}
	slices.Sort(names)
	if near, ok := task.Nearest(strings.ReplaceAll(strings.TrimLeft(name, "-"), "_", "-"), names); ok {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// textsFor is a value of the file as the flag would get it on the command line.
func textsFor(flag cli.Flag, value *yaml.Node) ([]string, error) {
	if _, isList := flag.(*cli.StringSliceFlag); !isList || value.Kind != yaml.SequenceNode {
		text, err := textFor(flag, value)
		return []string{text}, err
	}
	texts := []string{}
	for i, item := range value.Content {
		text, err := textFor(flag, item)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i+1, err)
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func textFor(flag cli.Flag, value *yaml.Node) (string, error) {
	wants, example, ok := "a text", "", false
	isText := value.Kind == yaml.ScalarNode && value.Tag == "!!str"
	switch flag.(type) {
	case *cli.BoolFlag:
		wants, ok = "true or false", value.Tag == "!!bool" && value.Kind == yaml.ScalarNode
	case *cli.IntFlag:
		_, err := strconv.ParseInt(value.Value, 0, strconv.IntSize)
		wants, ok = "a whole number", value.Tag == "!!int" && err == nil
	case *cli.DurationFlag:
		_, err := time.ParseDuration(value.Value)
		wants, example, ok = "a time with its unit", ", such as 30s or 50m", isText && err == nil
	default:
		ok = isText || value.Kind == yaml.ScalarNode && slices.Contains([]string{"!!int", "!!float", "!!timestamp"}, value.Tag)
		example = "; put it in quotes if it is meant as text"
		if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
			example = ""
		}
	}
	if ok {
		return value.Value, nil
	}
	return "", fmt.Errorf("%s is not %s%s", kindWord(value), wants, example)
}

// kindWord names a value in a message.
func kindWord(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias"
	case n.Tag == "!!null":
		return "nothing"
	}
	text := []rune(n.Value)
	if len(text) > 40 {
		text = append(text[:40], []rune("...")...)
	}
	if n.Tag == "!!str" {
		return "the text " + strconv.Quote(string(text))
	}
	return strconv.Quote(string(text))
}
