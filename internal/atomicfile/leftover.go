package atomicfile

import (
	"os"
	"path/filepath"
	"strings"
)

// mark is in the name of every temporary file, behind the name under which it is to appear and before a random number.
const mark = ".taskrecon-"

// createHeld makes a temporary file and holds it for as long as it is open, so that no process takes it for a leftover.
func createHeld(dir, pattern string) (*os.File, error) {
	for {
		temp, err := os.CreateTemp(dir, pattern)
		if err != nil {
			return nil, err
		}
		if hold(temp) && stillThere(temp) {
			return temp, nil
		}
		temp.Close() // another program saw it before it was held, and removes it
	}
}

func stillThere(f *os.File) bool {
	now, err := os.Lstat(f.Name())
	if err != nil {
		return false
	}
	opened, err := f.Stat()
	return err == nil && os.SameFile(now, opened)
}

// Sweep removes from a directory the temporary files of programs that were killed. Those of programs that are at work stay,
// as do all other files.
func Sweep(dir string) { sweep(dir, ".") }

// sweep removes leftovers whose names begin so. What cannot be removed stays: it disturbs nothing but the eye.
func sweep(dir, prefix string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	names, _ := d.Readdirnames(-1)
	d.Close()
	for _, name := range names {
		if strings.HasPrefix(name, prefix) && temporary(name) {
			removeUnheld(filepath.Join(dir, name))
		}
	}
}

// temporary reports whether a name is one that Create gives.
func temporary(name string) bool {
	i := strings.LastIndex(name, mark)
	if i < 2 || name[0] != '.' {
		return false
	}
	number := name[i+len(mark):]
	return number != "" && strings.Trim(number, "0123456789") == ""
}
