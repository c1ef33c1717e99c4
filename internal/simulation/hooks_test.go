package simulation

import (
	"context"
	"time"

	"taskrecon/internal/job"
)

// TODO: join with config once the sender has them.
func setLeave(*job.Config, context.Context)      {}
func setSettleWithin(*job.Config, time.Duration) {}
