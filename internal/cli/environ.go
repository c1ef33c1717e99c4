package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"taskrecon/internal/text"
)

const prefix = "TASKRECON_"

// stateVariable names the directory of this account's locks.
const stateVariable = prefix + "STATE_DIR"

// foreignVariables begin the names that others make: Kubernetes for a service called taskrecon, and tests.
var foreignVariables = []string{prefix + "SERVICE_", prefix + "PORT", prefix + "TEST_"}

// checkVariables refuses a variable whose name is a slip of a known one, and warns of others that mean nothing.
func (p *program) checkVariables() error {
	own := slices.DeleteFunc(slices.Sorted(maps.Keys(p.env)), func(name string) bool {
		foreign := func(begin string) bool { return strings.HasPrefix(name, begin) }
		return !strings.HasPrefix(name, prefix) || p.env[name] == "" || slices.ContainsFunc(foreignVariables, foreign)
	})
	if len(own) == 0 {
		return nil // as nearly always, without the flags of every command
	}
	known := append(slices.Clone(secretVariables), stateVariable)
	for _, f := range flagsOfAll(p.app()) {
		known = append(known, variable(f.Names()[0]))
	}
	var strange []string
	for _, name := range own {
		if slices.Contains(known, name) {
			continue
		}
		if i := slices.IndexFunc(known, func(k string) bool { return levenshtein.ComputeDistance(k, name) == 1 }); i >= 0 {
			return usage("the variable %s means nothing; did you mean %s?", text.Line(name), known[i])
		}
		strange = append(strange, text.Line(name))
	}
	if len(strange) > 0 {
		fmt.Fprintf(p.stderr, "taskrecon: these variables mean nothing: %s\n", strings.Join(strange, ", "))
	}
	return nil
}
