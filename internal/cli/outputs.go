package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/base"
	"taskrecon/internal/ingest"
	"taskrecon/internal/job"
)

// The flags that name files beside metrics-file: those that a command reads, those that it writes, and those of a run's own,
// which job looks after.
var (
	readFlags = []string{
		"config", "map", "password-file", "sandbox", "client-secret-file", "client-certificate", "federated-token-file",
		"access-token-file", "notify-url-file", "ping-url-file", "profile", "sign-key", "signers",
	}
	writeFlags = []string{"output", "problems", "debug-http", "sandbox-state"}
	runFlags   = []string{"ledger", "report"}
)

// filesOf are the files that flags name.
func filesOf(c *cli.Context, flags []string) []string {
	var files []string
	for _, name := range flags {
		switch f := flagOf(c.Command, name).(type) {
		case *cli.StringFlag:
			files = append(files, c.String(name))
		case *cli.StringSliceFlag:
			files = append(files, c.StringSlice(f.Name)...)
		}
	}
	return slices.DeleteFunc(files, func(path string) bool { return path == "" })
}

func flagOf(c *cli.Command, name string) cli.Flag {
	i := slices.IndexFunc(c.Flags, func(f cli.Flag) bool { return f.Names()[0] == name })
	if i < 0 {
		return nil
	}
	return c.Flags[i]
}

// filesRead are the files that a command line has read: its arguments, what lies beside them, and those of flags.
func filesRead(c *cli.Context) []string {
	files := filesOf(c, readFlags)
	for _, arg := range c.Args().Slice() {
		if c.Command.Name == "set" { // PROPERTY=@FILE
			if _, list, ok := strings.Cut(arg, "=@"); ok {
				files = append(files, list)
			}
		} else if arg != ingest.StandardInput {
			file := job.LedgerAt(arg)
			files = append(files, file, base.Path(file))
		}
	}
	return files
}

// filesWritten are the files that a command line has written, but for those of a run and the metrics.
func filesWritten(c *cli.Context) []string {
	files := filesOf(c, writeFlags)
	if out := c.String("output"); strings.EqualFold(filepath.Ext(out), ".csv") {
		files = append(files, base.Path(out))
	}
	return files
}

// apart refuses a command line that would have a file written over one that it reads, or over another that it writes,
// whatever --overwrite says.
func apart(c *cli.Context) error { return job.Apart(filesWritten(c), filesRead(c)...) }

// metricsApart does so for the file of metrics, which is written even where a command line is refused.
func metricsApart(c *cli.Context, path string) error {
	return job.Apart([]string{path}, slices.Concat(filesRead(c), filesWritten(c), filesOf(c, runFlags))...)
}
