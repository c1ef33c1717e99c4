// Package edit is the mass edit of the command set: which properties to set, or whose tasks to hand over.
//
// [ParseAssignment] reads one PROPERTY=VALUE of the command line, [ParseReassignments] a file of two columns, old assignee and new
// one. Both go into an [Edit], which [Edit.Check] refuses where it contradicts itself. [Edit.Rows] applies it to the tasks that were
// picked and gives the rows of a sheet that plan and apply take:
//
//	a, err := edit.ParseAssignment("assignedTo=@team.txt", task.Format{}, os.ReadFile)
//	...
//	e := edit.Edit{Assignments: []edit.Assignment{a}}
//	rows, picked, err := e.Rows(tasks)
//
// Rows holds only tasks that would change, each with only the properties that differ. Several values of one assignment are dealt
// in turn, so that shares differ by at most one, and the same tasks get the same deal. Nothing here reads a tenant or writes a
// file.
package edit
