package job

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"taskrecon/internal/exit"
)

// TestStoppedHidesNothing: what came of a stop is reported as the stop; what is wrong besides is reported.
func TestStoppedHidesNothing(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	disk := fmt.Errorf("writing the ledger: %w", fs.ErrPermission)
	if err := stopped(ctx, context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("before the stop: %v", err)
	}
	cancel(exit.Errorf(exit.Deadline, "", "the deadline passed"))
	if err := stopped(ctx, fmt.Errorf("listing: %w", ctx.Err())); exit.Code(err) != exit.Deadline {
		t.Errorf("the stop's own: %v", err)
	}
	if err := stopped(ctx, disk); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("beside the stop: %v", err)
	}
}

func TestAlsoTellsBoth(t *testing.T) {
	deadline, disk := exit.Errorf(exit.Deadline, "go on", "the deadline passed"), errors.New("no space left")
	err := also(deadline, disk)
	var e *exit.Error
	if !errors.As(err, &e) || e.Code != exit.Deadline || e.Hint != "go on" || err.Error() != "the deadline passed; no space left" {
		t.Errorf("%#v", err)
	}
	if err := also(err, disk); err.Error() != "the deadline passed; no space left" {
		t.Errorf("told twice: %v", err)
	}
	if also(nil, disk) != disk || also(disk, nil) != disk || also(nil, nil) != nil {
		t.Error("one error is that error")
	}
}
