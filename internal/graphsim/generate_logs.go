package graphsim

import (
	"time"
)

// loggedUsers is how many of the first employees have signed in lately.
const loggedUsers = 25

// makeLogs puts some sign-ins and changes of groups into the logs. Their ids follow from
// whom they are about, so that the directory is the same with and without them.
func (g *generator) makeLogs() error {
	for i, id := range g.staff[:min(len(g.staff), loggedUsers)] {
		o := g.d.byID[id]
		_, err := g.d.Add("signIn", Values{
			"id": g.d.derived(id, 0).next(), "createdDateTime": g.now.Add(-time.Duration(i+1) * time.Hour).Truncate(time.Second),
			"userId": id, "userDisplayName": o.text("displayName"), "userPrincipalName": o.text("userPrincipalName"),
			"appDisplayName": "My Apps", "clientAppUsed": "Browser", "conditionalAccessStatus": "notApplied", "isInteractive": true,
			"ipAddress": "192.0.2.1", "correlationId": g.d.derived(id, 1).next(), "status": map[string]any{"errorCode": 0, "failureReason": nil, "additionalDetails": nil},
			"riskDetail": "none", "riskLevelAggregated": "none", "riskLevelDuringSignIn": "none", "riskState": "none",
		})
		if err != nil {
			return err
		}
	}
	for i, group := range g.groups[:min(len(g.groups), loggedUsers)] {
		_, err := g.d.Add("directoryAudit", Values{
			"id": g.d.derived(group.id, 0).next(), "activityDateTime": g.now.Add(-time.Duration(i+1) * time.Hour).Truncate(time.Second),
			"activityDisplayName": "Add group", "category": "GroupManagement", "correlationId": g.d.derived(group.id, 1).next(), "loggedByService": "Core Directory",
			"operationType": "Add", "result": "success", "initiatedBy": map[string]any{"user": nil, "app": map[string]any{"displayName": "Provisioning"}},
			"targetResources": []map[string]any{{"id": group.id, "displayName": g.d.byID[group.id].text("displayName"), "type": "Group", "modifiedProperties": []any{}}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
