package simulation

import (
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/sandbox"
)

// Stories that seeds found, made as short as they go.

// twoWrites is a row whose status goes by a write of its own.
func twoWrites() *scenario {
	return &scenario{twoWrites: true, rows: []row{storyRow(wish{property: "status", begin: `"active"`, wanted: `"completed"`, third: []string{`"rejected"`}})}}
}

// setStatus lets another editor set status at a time of the story.
func (s *told) setStatus(at float64, value string) {
	s.when(at, func() { s.edit(edit{row: 0, property: "status", value: value}) })
}

// What the answer to the first write shows of the property of the second is not overwritten upon a look that lags behind it.
func TestFoundThirdInTheFirstAnswer(t *testing.T) {
	tell(t, twoWrites(), teller{
		look: func(s *told, n int) itemFate {
			if s.now() < 5 {
				return s.asOf(0)
			}
			return itemFate{}
		},
	}, func(s *told) {
		s.setStatus(0.012, `"rejected"`)
		s.ends(s.begin(calmLeg), diff.Conflict, 1)
	})
}

// A look after the first write that shows all that is wanted ends it, whatever the age of the base.
func TestFoundSecondWriteWanted(t *testing.T) {
	tell(t, twoWrites(), teller{
		look: func(s *told, n int) itemFate {
			if s.now() < 0.2 {
				return refusing(503, "0.5")
			}
			return itemFate{}
		},
	}, func(s *told) {
		s.setStatus(0.3, `"completed"`)
		l := s.begin(calmLeg)
		s.ends(l, diff.Applied, 1)
		s.between("the result", s.result(l).SettledAt, 0.3, 5)
	})
}

// An answer whose body holds all that both writes want ends it, whatever a look that lags behind it shows.
func TestFoundBothInTheFirstAnswer(t *testing.T) {
	tell(t, twoWrites(), teller{
		look: func(s *told, n int) itemFate {
			if s.now() < 5 {
				return s.asOf(0)
			}
			return itemFate{}
		},
	}, func(s *told) {
		s.setStatus(0.012, `"completed"`)
		s.ends(s.begin(calmLeg), diff.Applied, 1)
	})
}

// A write that was refused for its token is looked at again before it leaves with the next one, where that took long.
func TestFoundLookBeforeTheNextToken(t *testing.T) {
	tell(t, &scenario{}, teller{
		call: func(s *told, ex *exchange, f *fate) {
			if ex.writes() && s.writes == 1 {
				f.whole, f.back = sandbox.Decision{Status: 401, Never: true}, 10*time.Second
			}
		},
	}, func(s *told) {
		s.set(1, two)
		s.ends(s.begin(calmLeg), diff.Conflict, 1)
	})
}

// A run that cannot reach the service for a while, and settles all the same, is done.
func TestFoundReachedInTheEnd(t *testing.T) {
	tell(t, &scenario{attempts: 1}, teller{
		write: func(*told, int) itemFate { return taking(refusing(500, "")) },
		call: func(s *told, ex *exchange, f *fate) {
			f.refused = s.looks == 1
		},
	}, func(s *told) { s.ends(s.begin(calmLeg), diff.Applied, 1) })
}

// A third value that the list of an undo shows is remembered while the undo waits for the windows of what it takes back.
func TestFoundThirdInTheListOfAnUndo(t *testing.T) {
	tell(t, &scenario{}, teller{
		look: func(s *told, n int) itemFate {
			if s.now() < 40 {
				return s.asOf(20)
			}
			return itemFate{}
		},
	}, func(s *told) {
		s.set(22, two)
		l := s.begin(calmLeg)
		time.Sleep(time.Until(s.zero.Add(25 * time.Second)))
		if u := s.takeBack(l); u != nil {
			s.ends(u, diff.Conflict, 0)
		}
		s.holds(two)
	})
}

// The look by its id at a task that the list lacks counts from when it came, not from when the list did.
func TestFoundThirdInTheLookByID(t *testing.T) {
	tell(t, &scenario{}, teller{
		look: func(s *told, n int) itemFate {
			if s.now() > 29 && s.now() < 31 {
				return s.asOf(1.2)
			}
			return itemFate{}
		},
		call: func(s *told, ex *exchange, f *fate) {
			if len(s.legs) < 2 {
				return
			}
			switch ex.kind {
			case kindList:
				f.task = func(string) sandbox.Decision { return sandbox.Decision{Omit: true} }
			case kindOne:
				f.out = 2 * time.Second
			}
		},
	}, func(s *told) {
		s.set(1.5, two)
		l := s.begin(calmLeg)
		time.Sleep(time.Until(s.zero.Add(700 * time.Millisecond)))
		if u := s.takeBack(l); u != nil {
			s.ends(u, diff.Conflict, 0)
		}
		s.holds(two)
	})
}

// A first write that takes effect late is settled, though the status is found as wanted and needs no write.
func TestFoundSecondWriteNotNeeded(t *testing.T) {
	tell(t, twoWrites(), teller{
		write: func(s *told, n int) itemFate { return s.effectAt(5, itemFate{}) },
	}, func(s *told) {
		s.setStatus(0.016, `"completed"`)
		s.ends(s.begin(calmLeg), diff.Applied, 1)
	})
}

// A leg that its limits have settle by reading alone, and that is stopped meanwhile, ends as its rows deserve.
func TestFoundStoppedWhileLimitsWait(t *testing.T) {
	tell(t, &scenario{}, teller{
		look: func(s *told, n int) itemFate {
			if s.now() < 2 {
				return s.asOf(0)
			}
			return itemFate{}
		},
	}, func(s *told) {
		killed := calmLeg
		killed.end, killed.after = killedAt, 17*time.Millisecond
		l := s.begin(killed)
		limited := calmLeg
		limited.end, limited.after, limited.maxChanges = signalled, 20*time.Millisecond, 0
		s.ends(s.world.leg(l.of, "apply", l.ledger, limited), diff.Applied, 1)
	})
}

// What is to be overwritten is left for the next leg where a run is stopped before it is sent: it is no conflict.
func TestFoundStoppedBeforeOverwriting(t *testing.T) {
	tell(t, &scenario{overwrite: true}, teller{}, func(s *told) {
		s.world.at(s.sc.begin - time.Minute)
		file := s.savePlan(s.write("desired.csv", s.sc.sheet()))
		s.edit(edit{row: 0, property: "creatorNotes", value: two})
		s.world.at(s.sc.begin)
		stopped := calmLeg
		stopped.end, stopped.after = signalled, 7*time.Millisecond
		l := s.world.leg(s.campaign("run"), "apply", file, stopped)
		s.ends(l, diff.NotSent, 0)
		s.ends(s.goOn(l), diff.Applied, 1)
	})
}
