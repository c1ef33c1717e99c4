package job

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/base"
	"taskrecon/internal/exit"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report/render"
)

// files are the places of one run.
type files struct {
	runID     string
	dir       string // of the run, made where it is missing; "" where all places are named
	ledger    string
	reports   []string
	undo      string          // "" where nothing is sent
	signature string          // of the ledger; "" where nothing is signed
	own       map[string]bool // what earlier legs of the run left, and this one may replace
	temp      string          // directory that is gone after the run, for a plan that is not to be kept
}

// place is a file that a run is to write.
type place struct{ what, path string }

// placeNew decides where a new run leaves what, and refuses what could not be written there, or only in the place of something
// else, before anything is read or sent.
func (r *run) placeNew() error {
	f, o, sends := &r.files, r.Outputs, r.Command == "apply"
	f.ledger, f.reports, f.dir = o.Ledger, o.Reports, o.RunDir
	if f.dir == "" && sends && (f.ledger == "" || len(f.reports) == 0) {
		f.dir = o.dirOf(f.runID)
	}
	if f.dir != "" && f.ledger == "" {
		f.ledger = filepath.Join(f.dir, ledgerFile)
	}
	if f.dir != "" && len(f.reports) == 0 {
		f.reports = []string{filepath.Join(f.dir, reportFile)}
	}
	switch {
	case !sends:
	case f.dir != "":
		f.undo = filepath.Join(f.dir, undoFile)
	default:
		f.undo = undoBeside(f.ledger)
	}
	switch {
	case f.ledger == "" || r.Signer == nil:
	case sends:
		f.signature = f.ledger + ledger.RunSignatureSuffix
	default:
		f.signature = f.ledger + ledger.SignatureSuffix
	}
	if f.ledger != "" && exists(f.ledger) {
		return exit.Errorf(exit.Usage, "name another; a ledger is never overwritten", "the ledger %s exists already", f.ledger)
	}
	places := f.places()
	if f.ledger != "" {
		places = slices.Insert(places, 0, place{"ledger", f.ledger})
	}
	return r.checkPlaces(places, r.File, "")
}

// dirOf is the directory of a run among the runs.
func (o *Outputs) dirOf(runID string) string {
	return filepath.Join(cmp.Or(o.Runs, "runs"), filepath.Base(runID))
}

// undoBeside is where the undo of a run goes whose ledger is by itself.
func undoBeside(ledger string) string {
	return strings.TrimSuffix(ledger, filepath.Ext(ledger)) + "." + undoFile
}

// placeBeside finds the places of a run that goes on, and refuses those at which it could not write.
func (r *run) placeBeside() error {
	if err := r.findBeside(); err != nil {
		return err
	}
	return r.checkBeside()
}

func (r *run) checkBeside() error {
	return r.checkPlaces(r.files.places(), r.past.Header.Input.File, r.past.Header.Input.SHA256)
}

// findBeside finds the places of a run that goes on, or has finished: the reports that are named, else one beside the ledger or,
// of a saved plan or where the first leg left it, in the run's directory among the runs. What earlier legs left there is the run's own. What a leg that was killed left half-written is
// removed.
func (r *run) findBeside() error {
	if r.Outputs.Ledger != "" || r.Outputs.RunDir != "" {
		return exit.Errorf(exit.Usage, "", "%s is a ledger, and the run goes on in it: --ledger and --run-dir have no place here", r.File)
	}
	f, h := &r.files, &r.past.Header
	f.runID, f.ledger, f.undo = h.RunID, r.File, undoBeside(r.File)
	f.reports, f.own = r.Outputs.Reports, map[string]bool{}
	beside := strings.TrimSuffix(r.File, filepath.Ext(r.File)) + ".xlsx"
	among := r.Outputs.dirOf(h.RunID)
	if dir, name := filepath.Split(r.File); name == ledgerFile {
		f.undo, beside = filepath.Join(dir, undoFile), filepath.Join(dir, reportFile)
	} else if exists(among) || r.past.Planned() && !samePlace(filepath.Dir(r.File), filepath.Dir(among)) {
		f.dir, f.undo, beside = among, filepath.Join(among, undoFile), filepath.Join(among, reportFile)
	}
	if len(f.reports) == 0 {
		f.reports = []string{beside}
	}
	if r.Signer != nil {
		f.signature = f.ledger + ledger.RunSignatureSuffix // never in the place of the plan's
		f.own[f.signature] = true                          // no other ledger has it
	}
	for _, path := range f.reports {
		f.own[path] = render.Of(path, h.RunID)
	}
	if held := base.Path(f.undo); sentAnything(r.past) {
		from, ok := base.SourceOf(held)
		f.own[held] = ok && from.Tenant == h.Tenant && from.Cloud == h.Cloud && !from.At.Before(h.Planned)
		f.own[f.undo] = f.own[held]
	}
	atomicfile.Sweep(filepath.Dir(f.ledger))
	return nil
}

// places are the files that a run leaves beside its ledger.
func (f *files) places() []place {
	var all []place
	for _, path := range f.reports {
		all = append(all, place{"report", path})
	}
	if f.undo != "" {
		all = append(all, place{"undo", f.undo}, place{"undo's base", base.Path(f.undo)})
	}
	if f.signature != "" {
		all = append(all, place{"signature", f.signature})
	}
	return all
}

// mayReplace reports whether a run may write to a path at which there is a file.
func (r *run) mayReplace(path string) bool { return r.Outputs.Overwrite || r.files.own[path] }

// checkPlaces refuses places at which a run could not write, or must not. The input's hash, where it is known, finds an input
// that its name does not.
func (r *run) checkPlaces(places []place, input, sha string) error {
	taken := append([]string{r.File, input, base.Path(input)}, r.Outputs.Others...)
	for _, p := range places {
		if p.what == "report" {
			if err := render.Supported(p.path); err != nil {
				return &exit.Error{Code: exit.Usage, Err: err}
			}
		}
		if i := slices.IndexFunc(taken, func(other string) bool { return other != "" && samePlace(p.path, other) }); i >= 0 {
			return exit.Errorf(exit.Usage, "name another place, such as another directory with --run-dir", "the %s %s would take the place of %s", p.what, p.path, taken[i])
		}
		taken = append(taken, p.path)
		if !r.files.own[p.path] && sha != "" && hashOf(p.path) == sha {
			return exit.Errorf(exit.Usage, "name another place", "the %s %s would take the place of the input", p.what, p.path)
		}
	}
	return r.writable(places)
}

// writable tries to write at each place, and leaves nothing behind. The run's directory may be missing yet.
func (r *run) writable(places []place) error {
	dir := r.files.dir
	for _, p := range places {
		if dir != "" && filepath.Dir(p.path) == filepath.Clean(dir) && !exists(dir) {
			continue
		}
		err := atomicfile.Check(p.path, r.mayReplace(p.path))
		switch {
		case errors.Is(err, fs.ErrExist):
			return exit.Errorf(exit.Usage, "name another place, move the file away, or say --overwrite", "the %s %w", p.what, err)
		case err != nil:
			return exit.Errorf(exit.Usage, "name another place; nothing was sent", "the %s %w", p.what, err)
		}
	}
	return nil
}

// hashOf is the SHA-256 of a file; "" where it cannot be read.
func hashOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// open makes the run's directory, 0700, and tries it. A plan that is not to be kept gets one that does not stay.
func (f *files) open(r *run) error {
	if f.ledger == "" {
		temp, err := os.MkdirTemp("", "taskrecon-plan-")
		if err != nil {
			return err
		}
		f.temp, f.ledger = temp, filepath.Join(temp, ledgerFile)
	}
	if err := f.makeDir(); err != nil || f.dir == "" {
		return err
	}
	return r.writable(f.places())
}

func (f *files) makeDir() error {
	if f.dir == "" {
		return nil
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return fmt.Errorf("making the run's directory: %w", err)
	}
	return nil
}

// link gives a ledger that is elsewhere another name in the run's directory among the runs, so that past runs are found in one place.
// Where the two places are on different disks, that directory has the reports alone.
func (f *files) link() {
	if name := filepath.Join(f.dir, ledgerFile); filepath.Base(f.dir) == f.runID && !exists(name) {
		_ = os.Link(f.ledger, name)
	}
}

// shownLedger is the ledger's path, if it stays.
func (f *files) shownLedger() string {
	if f.temp != "" {
		return ""
	}
	return f.ledger
}

func (f *files) cleanUp() {
	if f.temp != "" {
		os.RemoveAll(f.temp)
	}
}
