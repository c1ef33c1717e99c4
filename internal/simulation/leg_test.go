package simulation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/graph"
	"taskrecon/internal/ingest"
	"taskrecon/internal/job"
	"taskrecon/internal/ledger"
)

// leg is one process: from its start to its end, or to its death.
type leg struct {
	world  *world
	n      int // of all legs, from 1
	plan   legPlan
	of     *campaign
	dir    string
	file   string // that it was given: the input or a ledger
	ledger string // where its ledger lies
	config job.Config

	began, ended time.Time
	summary      *job.Summary
	err          error
	signalled    time.Time // first signal; zero is none
	leftAt       time.Time // second signal

	stop, leave context.CancelCauseFunc
	dead        chan struct{}
	died        time.Time
	once        sync.Once
	disk        *disk
	envelopes   int // of writes that left; world.mu
	landings    int // of answers to them
	before      int // bytes of the ledger before the landing at which it dies
	proofs      []proof
	lines       []line
	kept        int // bytes of the ledger that outlived it
}

func (l *leg) isDead() bool {
	select {
	case <-l.dead:
		return true
	default:
		return false
	}
}

// kill ends the process where it is: nothing that it does from here on is seen.
func (l *leg) kill() {
	l.once.Do(func() {
		l.died = time.Now()
		close(l.dead)
		l.leave(errDead)
		l.stop(errDead)
	})
}

// departs and lands are where calls leave and answers come; world.mu is held.
func (l *leg) departs(ex *exchange) {
	if !ex.writes() {
		return
	}
	if l.plan.end == killedAtSending && l.envelopes == l.plan.n {
		if roll(l.world.sc.seed, "gone", l.n).chance(0.5) {
			ex.made, ex.fate.refused, ex.fate.lost = true, false, true // no one will know that it never arrived
		}
		l.kill()
	}
	l.envelopes++
	if !l.disk.durable(ex.request) {
		l.world.complain("leg %d sends envelope %s before its line is on the disk", l.n, ex.request)
	}
}

func (l *leg) lands(ex *exchange) {
	if !ex.writes() {
		return
	}
	if l.plan.end == killedAtLanding && l.landings == l.plan.n {
		l.before = l.disk.size()
		time.AfterFunc(time.Nanosecond, l.kill) // time passes once all that this answer sets off is done
	}
	l.landings++
	for _, it := range ex.items {
		if accepted(it) && it.answer.status == 200 && it.answer.values != nil {
			time.AfterFunc(time.Nanosecond, func() {
				l.world.mu.Lock()
				defer l.world.mu.Unlock()
				l.proofs = append(l.proofs, proof{it, l.disk.size()})
			})
		}
	}
}

// proof is a write of which the answer has landed that may prove it, and how long the ledger was then.
type proof struct {
	it   *item
	size int
}

// credential is a token that never ends.
type credential struct{}

func (credential) Token(context.Context, bool) (string, error) { return "simulated-token", nil }

// run lets the process go, and returns once it has ended or died. One that died comes to its end unseen.
func (l *leg) run() {
	ctx, stop := context.WithCancelCause(context.Background())
	leave, left := context.WithCancelCause(context.Background())
	l.stop, l.leave, l.dead, l.began = stop, left, make(chan struct{}), time.Now()
	l.disk = &disk{leg: l}
	l.config.Disk = l.disk.between
	l.config.Leave = leave.Done()
	root, err := url.Parse("https://graph.example.com")
	if err != nil {
		panic(err)
	}
	l.config.Client = graph.New(graph.Config{Root: root, Credential: credential{}, UserAgent: "simulation", CallTimeout: l.world.sc.call, Transport: wire{l}})
	timers := l.schedule()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				l.world.complain("leg %d panics: %v", l.n, p)
			}
		}()
		l.summary, l.err = job.Run(ctx, l.config)
	}()
	select {
	case <-done:
	case <-l.dead:
	}
	for _, t := range timers {
		t.Stop()
	}
	l.ended = time.Now()
	if l.isDead() {
		l.world.zombies.Go(func() { <-done })
	}
	stop(nil)
	l.keep()
}

// schedule sets off what ends the process from outside.
func (l *leg) schedule() []*time.Timer {
	first := func() {
		l.signalled = time.Now()
		l.stop(exit.Errorf(exit.Interrupt, "", "interrupted before everything was sent"))
	}
	switch l.plan.end {
	case killedAt:
		return []*time.Timer{time.AfterFunc(l.plan.after, l.kill)}
	case signalled:
		return []*time.Timer{time.AfterFunc(l.plan.after, first)}
	case signalledTwice:
		return []*time.Timer{time.AfterFunc(l.plan.after, first), time.AfterFunc(l.plan.after+l.plan.second, func() {
			l.leftAt = time.Now()
			l.leave(exit.Errorf(exit.Interrupt, "", "interrupted before everything was sent"))
		})}
	case deadline:
		l.config.Deadline = l.plan.after
	}
	return nil
}

// keep leaves what outlived the process, under the name at which the next leg finds it.
func (l *leg) keep() {
	data := l.disk.contents()
	l.kept = len(data)
	if l.isDead() {
		from := len(data)
		switch {
		case l.plan.powerLoss >= 0:
			from = l.disk.syncedTo()
		case l.plan.end == killedAtLanding:
			from = max(l.before, l.disk.syncedTo())
		}
		l.kept = from
		if l.plan.powerLoss >= 0 {
			l.kept += int(l.plan.powerLoss * float64(len(data)-from))
		} else if l.plan.end == killedAtLanding {
			l.kept += roll(l.world.sc.seed, "torn", l.n).IntN(len(data) - from + 1)
		}
		data = data[:l.kept]
		_ = os.RemoveAll(l.dir) // what it may still write is not seen
	}
	l.lines = linesOf(data)
	if len(data) == 0 {
		l.ledger = ""
		return
	}
	if l.isDead() {
		l.ledger = filepath.Join(l.world.folder(fmt.Sprintf("left-%d", l.n)), "ledger.jsonl")
		if err := os.WriteFile(l.ledger, data, 0o600); err != nil {
			l.world.complain("%v", err)
		}
	}
}

// disk comes between a leg's ledger and its file, and is where the leg dies or the disk is full.
type disk struct {
	leg *leg

	mu     sync.Mutex
	file   ledger.File
	data   []byte // all that the file holds
	synced int
	plan   int // where the plan ends, or where this leg begins; 0 is not yet
	syncs  int // since
}

func (d *disk) between(f ledger.File) ledger.File {
	d.mu.Lock()
	defer d.mu.Unlock()
	data, err := os.ReadFile(f.Name())
	if err != nil {
		d.leg.world.complain("%v", err)
	}
	d.file, d.data, d.synced, d.plan = f, data, len(data), len(data)
	return d
}

// limit is how large the file may become; negative is no limit.
func (d *disk) limit() int {
	switch {
	case d.leg.plan.end == killedInPlan:
		return d.leg.plan.n
	case d.plan > 0 && (d.leg.plan.end == killedInWriting || d.leg.plan.end == diskFull):
		return d.plan + d.leg.plan.n
	}
	return -1
}

func (d *disk) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.leg.isDead() {
		return 0, errDead
	}
	room := len(b)
	if limit := d.limit(); limit >= 0 {
		room = min(room, max(limit-len(d.data), 0))
	}
	n, err := d.file.Write(b[:room])
	d.data = append(d.data, b[:n]...)
	switch {
	case err != nil || room == len(b):
		return n, err
	case d.leg.plan.end == diskFull:
		branch("disk full")
		return n, syscall.ENOSPC
	}
	d.leg.kill()
	return n, errDead
}

// Sync does not wait for the disk, of which the simulation has none: what counts is what was asked for.
func (d *disk) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.leg.isDead() {
		return errDead
	}
	if d.plan == 0 {
		d.plan = len(d.data)
	} else if d.syncs++; d.leg.plan.end == syncFails && d.syncs > d.leg.plan.n {
		branch("sync fails")
		return syscall.EIO
	}
	d.synced = len(d.data)
	return nil
}

func (d *disk) Name() string { return d.file.Name() }

func (d *disk) Close() error {
	if d.leg.plan.end == killedInReport {
		d.leg.kill()
	}
	return d.file.Close()
}

// durable reports whether an envelope was announced on stable storage.
func (d *disk) durable(request string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Contains(d.data[:d.synced], []byte(request))
}

func (d *disk) size() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.data)
}

func (d *disk) syncedTo() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.synced
}

func (d *disk) contents() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]byte(nil), d.data...)
}

// quiet watches a run in silence.
type quiet struct{}

func (quiet) Started(string)                  {}
func (quiet) Read(*ingest.Input)              {}
func (quiet) Noticed(string)                  {}
func (quiet) Relisting(int, time.Time, error) {}
func (quiet) Fetched(int)                     {}
func (quiet) Planned(*diff.Plan, string)      {}
func (quiet) Sending(diff.Envelope)           {}
func (quiet) Settled(diff.Result)             {}
func (quiet) Progress(batch.Progress)         {}
func (quiet) Waiting(time.Time, string)       {}
func (quiet) Written(what, path string)       {}
func (quiet) Ended(*job.Summary)              {}

// code is the exit code of a leg that came to its end.
func (l *leg) code() int {
	var e *exit.Error
	if errors.As(l.err, &e) {
		return e.Code
	}
	return exit.Code(l.err)
}
