package sandbox

import (
	"encoding/json"
	"errors"
	"os"
	"strconv"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/exit"
)

// mostGenerated is how many tasks Open generates at most.
const mostGenerated = 2_000_000

// Open makes a sandbox that holds the tasks of the file that source names, or as many generated ones as it says. The error has an
// exit code.
func Open(source string, o Options) (*Server, error) {
	if n, err := strconv.Atoi(source); err == nil {
		if n < 1 || n > mostGenerated {
			return nil, exit.Errorf(exit.Usage, "", "a sandbox of %d tasks is not between 1 and %d", n, mostGenerated)
		}
		return New(Generate(n, 1), o)
	}
	f, err := os.Open(source)
	if errors.Is(err, os.ErrNotExist) {
		return nil, exit.Errorf(exit.Usage, "", "%q is neither a file with a sandbox's tasks nor a number of them", source)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	tasks, err := Load(f)
	if err != nil {
		return nil, exit.Errorf(exit.Failed, "", "the sandbox's tenant %s: %w", source, err)
	}
	return New(tasks, o)
}

// Save writes the tasks into a file that Open takes.
func (s *Server) Save(path string) error {
	data, err := json.MarshalIndent(map[string]any{"value": s.Tasks()}, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(path, append(data, '\n'), 0o600)
}
