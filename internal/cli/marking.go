package cli

import (
	"fmt"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"taskrecon/internal/export"
	"taskrecon/internal/ingest"
	"taskrecon/internal/text"
)

// marking is a watcher that also leaves the marked sheet of --problems behind, where there are any.
type marking struct {
	*watcher
	path      string
	overwrite bool
}

func (p *program) newMarking(c *cli.Context, w *watcher, input string) (marking, error) {
	m := marking{w, c.String("problems"), c.Bool("overwrite")}
	if m.path == "" {
		return m, nil
	}
	if err := export.CheckMarked(m.path, input, m.overwrite); err != nil {
		return m, usage("--problems: %s", err.Error())
	}
	return m, nil
}

// Read prints what the watcher prints and writes the marked sheet. That it could not be written is said,
// and changes nothing about the run: the problems are on stderr too.
func (m marking) Read(in *ingest.Input) {
	m.watcher.Read(in)
	if m.path == "" || len(in.Problems) == 0 {
		return
	}
	if err := export.WriteMarked(in, m.path, m.overwrite); err != nil {
		m.say(EventFileFailed, zerolog.ErrorLevel, "--problems "+m.path+" was not written: "+err.Error())
		return
	}
	m.Written("marked sheet", m.path)
	if m.lines {
		fmt.Fprintln(m.stderr, text.Line(m.path+" is a copy that marks each of these cells, behind a list that leads to them; correct it and use it in place of "+in.File))
	}
}
