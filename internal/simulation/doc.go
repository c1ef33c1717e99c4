// Package simulation proves the program by seeds: a seed draws a tenant, what is wanted of it, and everything that goes wrong, and a
// whole run is driven through it in virtual time, with its legs, kills, resumptions and its undo. An oracle then holds what the run
// said and did against what the tenant held at each moment. It has tests only.
//
//	go test ./internal/simulation                          100 seeds and the stories
//	go test ./internal/simulation -run TestSeeds -seed 42  one seed again, with its timeline
//	scripts/simulate 100000                                many seeds
//
// The parts: a scenario is what a seed draws; a world is a tenant (package sandbox, with its history) and the way to it, on which calls
// take time, get lost and are answered wrongly; a leg is one process, from its start to its end or its death. The oracle knows the
// rules by which outcomes are true and none of the code that follows them.
package simulation
