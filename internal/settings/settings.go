package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"taskrecon/internal/exit"
	"taskrecon/internal/secret"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// maxConfig is the size in bytes up to which a configuration file is read.
const maxConfig = 1 << 20

// Flags are the flags that a file may set, by command, then by name.
type Flags map[string]map[string]Flag

// Flag is what a file may set.
type Flag struct {
	Takes   func(text string) bool
	Wants   string // what it takes, in words
	Many    bool   // it may be given several times
	Refused string // why no file may set it; "" where one may
}

// Value is what a file gives a flag: one text, or several for a flag that may be repeated.
type Value struct {
	Texts []string
	Line  int
}

// File is a configuration file that has been checked against the flags of all commands.
type File struct {
	path     string
	secrets  []string
	values   map[string]map[string]Value // by command, "" for all of them, then by flag
	problems problems
}

// Value is what the file gives a command's flag. The section of the command wins.
func (f *File) Value(command, flag string) (Value, bool) {
	if v, ok := f.values[command][flag]; ok {
		return v, true
	}
	v, ok := f.values[""][flag]
	return v, ok
}

// Read reads a configuration file and checks all of it: its keys against the flags of the commands, and its values against what these
// take. The error names every problem with its place. Secrets are the variables for what has no place in a file.
func Read(path string, flags Flags, secrets []string) (*File, error) {
	data, err := bytesOf(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, secrets: secrets, values: map[string]map[string]Value{}}
	root, err := f.parse(data)
	if err != nil || root == nil {
		return f, err
	}
	known := Flags{"": {}}
	for command, own := range flags {
		known[command] = own
		maps.Copy(known[""], own)
	}
	f.read(root, "", known)
	if len(f.problems) > 0 {
		return nil, &exit.Error{Code: exit.Usage, Err: f.problems}
	}
	return f, nil
}

func usage(format string, args ...any) error { return exit.Errorf(exit.Usage, "", format, args...) }

// problems is an error of a line for each problem.
type problems []string

func (p problems) Error() string   { return strings.Join(p, "\n") }
func (p problems) Lines() []string { return p }

// bytesOf is the content of a file that only its owner can write: it may name commands to run.
func bytesOf(path string) ([]byte, error) {
	data, err := secret.Small(path, maxConfig, func(info os.FileInfo) error {
		switch {
		case info.IsDir():
			return usage("--config %q is a directory, not a file", path)
		case runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0:
			return exit.Errorf(exit.Usage, "chmod go-w "+text.ShellWord(path),
				"--config %q can be written by others (mode %04o), who could make a run do anything", path, info.Mode().Perm())
		}
		return nil
	})
	var unfit *exit.Error
	switch {
	case errors.Is(err, secret.ErrTooLarge):
		return nil, usage("--config %q is larger than 1 MiB, which no configuration is", path)
	case err != nil && !errors.As(err, &unfit):
		return nil, usage("--config: %s", err.Error())
	}
	return data, err
}

// parse returns the mapping that the file consists of; nil if the file holds nothing.
func (f *File) parse(data []byte) (*yaml.Node, error) {
	for i, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) {
			return nil, usage("%s:%d: the line is not UTF-8; save the file as UTF-8", f.path, i+1)
		}
	}
	var document, second yaml.Node
	loader := yaml.NewDecoder(bytes.NewReader(data))
	err := loader.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err == nil {
		if err = loader.Decode(&second); err == nil {
			return nil, f.errorAt(&second, "a second document begins here; a configuration is one")
		}
	}
	var e *yaml.LoadError
	switch {
	case errors.As(err, &e) && e.Mark.Line > 0:
		return nil, usage("%s:%d:%d: not YAML: %s", f.path, e.Mark.Line, max(e.Mark.Column, 1), e.Message)
	case !errors.Is(err, io.EOF):
		return nil, usage("%s: %s", f.path, err.Error())
	}
	root := document.Content[0]
	if root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, f.errorAt(root, "a configuration is lines of the form FLAG: VALUE, not %s", shown(root))
	}
	return root, nil
}

func (f *File) errorAt(n *yaml.Node, format string, args ...any) error {
	return usage("%s:%d:%d: %s", f.path, n.Line, n.Column, fmt.Sprintf(format, args...))
}

func (f *File) problem(n *yaml.Node, format string, args ...any) {
	f.problems = append(f.problems, f.errorAt(n, format, args...).Error())
}

// read takes the pairs of a mapping: of the file itself, where command is "", or of the section of a command.
func (f *File) read(mapping *yaml.Node, command string, known Flags) {
	f.values[command] = map[string]Value{}
	lines := map[string]int{}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		name := key.Value
		_, isFlag := known[command][name]
		isSection := command == "" && known[name] != nil && !isFlag
		switch {
		case key.Kind != yaml.ScalarNode || name == "":
			f.problem(key, "a key is the name of a flag, not %s", shown(key))
		case lines[name] > 0:
			f.problem(key, "%q is there already, in line %d", name, lines[name])
		case isSection && value.Kind == yaml.MappingNode:
			f.read(value, name, known)
		case isSection && value.Tag == "!!null": // every line of it is a comment
		case command == "" && value.Kind == yaml.MappingNode:
			f.problem(key, "%q is no command that has flags, so no mapping belongs here%s", name, Meant(name, known))
		default:
			f.readPair(command, key, value, known[command])
		}
		lines[name] = key.Line
	}
}

// readPair takes a flag and its value.
func (f *File) readPair(command string, key, value *yaml.Node, flags map[string]Flag) {
	name := key.Value
	flag, known := flags[name]
	near := Meant(name, flags)
	switch {
	case !known && near == "" && looksSecret(name):
		f.problem(key, "%q looks like a secret, and these have no place in a configuration file; put it into a variable (%s), or into a file that a flag such as --password-file names",
			name, strings.Join(f.secrets, ", "))
	case !known && command == "":
		f.problem(key, "no command has the flag %q%s", name, near)
	case !known:
		f.problem(key, "%s does not have the flag %q%s", command, name, near)
	case flag.Refused != "":
		f.problem(key, "%s", flag.Refused)
	default:
		items := []*yaml.Node{value}
		if flag.Many && value.Kind == yaml.SequenceNode {
			items = value.Content
		}
		v := Value{Line: key.Line}
		for _, item := range items {
			if item.Kind != yaml.ScalarNode || !slices.Contains(scalars, item.Tag) || !flag.Takes(item.Value) {
				f.problem(item, "%s: %s is not %s", name, shown(item), flag.Wants)
			}
			v.Texts = append(v.Texts, item.Value)
		}
		f.values[command][name] = v
	}
}

// looksSecret reports whether a name is that of a secret, and not of a file or a command that yields one.
func looksSecret(name string) bool {
	name = strings.ToLower(name)
	if strings.HasSuffix(name, "-file") || strings.HasSuffix(name, "-command") {
		return false
	}
	return slices.ContainsFunc([]string{"secret", "password", "passphrase", "token"}, func(s string) bool { return strings.Contains(name, s) })
}

// Meant suggests the key that name is a slip of the pen for; "" where there is none.
func Meant[T any](name string, known map[string]T) string {
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

// scalars are the tags of values that a flag can take as they are written.
var scalars = []string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp"}

// shown names a value in a message.
func shown(n *yaml.Node) string {
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
	return fmt.Sprintf("%.40q", n.Value)
}
