package cli

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/job"
)

// TestFileFlagsAreKnown: each flag that names a file is known as one that reads or writes it, so that none is written over
// another.
func TestFileFlagsAreKnown(t *testing.T) {
	p := &program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}
	known := slices.Concat(readFlags, writeFlags, runFlags, []string{"metrics-file"})
	seen := map[string]bool{}
	for _, c := range p.app().Commands {
		for _, f := range c.Flags {
			name := f.Names()[0]
			documented, ok := f.(cli.DocGenerationFlag)
			if names := ok && strings.Contains(documented.GetUsage(), "`FILE"); names && !slices.Contains(known, name) {
				t.Errorf("%s --%s names a file that nothing guards", c.Name, name)
			}
			seen[name] = true
		}
	}
	for _, name := range known {
		if !seen[name] {
			t.Errorf("there is no flag --%s", name)
		}
	}
}

// TestCloudByItsAddress: a cloud is the same, with the same lock, whether its name or its address is given.
func TestCloudByItsAddress(t *testing.T) {
	locks := map[string]bool{}
	for _, flags := range [][]string{nil, {"--cloud", "Global"}, {"--graph-url", "https://graph.microsoft.com"}, {"--graph-url", "https://Graph.microsoft.com:443/"}} {
		p := &program{env: map[string]string{tokenVariable: "t"}, stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}
		app := p.app()
		app.Command("plan").Action = func(c *cli.Context) error {
			s, err := p.connect(c, false)
			if err != nil {
				return err
			}
			defer s.close()
			if s.cloud != "global" || s.url != "https://graph.microsoft.com" {
				t.Errorf("%q: cloud %q at %q", flags, s.cloud, s.url)
			}
			locks[job.LockName(s.cloud, "", s.url)+job.LockName(s.cloud, "t", s.url)] = true
			return nil
		}
		if err := app.RunContext(t.Context(), append([]string{"taskrecon", "plan"}, flags...)); err != nil {
			t.Error(err)
		}
	}
	if len(locks) != 1 {
		t.Errorf("there are %d locks: %v", len(locks), locks)
	}
}
