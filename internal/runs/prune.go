package runs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"taskrecon/internal/ledger"
	"taskrecon/internal/report/render"
)

// Old returns the runs that ended before a time and left nothing to be sent or settled.
func Old(all []Run, before time.Time) (old []Run) {
	for _, r := range all {
		if r.Verified && r.Passed && r.Ended.Before(before) {
			old = append(old, r)
		}
	}
	return old
}

// Remove removes a run that List found in dir: its reports, undo sheet and signatures, then its ledger, then its directory, if nothing
// of others is in that. After an error it can be called again.
func Remove(r Run, dir string) error {
	own := filepath.Dir(r.Ledger)
	entries, err := os.ReadDir(own)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(own, e.Name())
		if e.Type().IsRegular() && belongs(path, r) {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	if err := os.Remove(r.Ledger); err != nil {
		return err
	}
	if same, err := filepath.Rel(dir, own); err != nil || same == "." {
		return err
	}
	if err := os.Remove(own); err != nil && !notEmpty(own) {
		return err
	}
	return nil
}

// belongs reports whether a file beside the ledger of a run was made from it.
func belongs(path string, r Run) bool {
	stem := ""
	if base := filepath.Base(r.Ledger); base != LedgerFile {
		stem = strings.TrimSuffix(base, filepath.Ext(base)) + "."
	}
	switch name := filepath.Base(path); {
	case path == r.Ledger || !strings.HasPrefix(name, stem):
		return false
	case name == stem+"undo.csv", name == stem+"undo.base.jsonl", path == r.Ledger+ledger.SignatureSuffix, path == r.Ledger+ledger.RunSignatureSuffix:
		return true
	}
	return render.Of(path, r.Run)
}

func notEmpty(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0 || errors.Is(err, fs.ErrNotExist)
}
