// Onboard an AWS account with a client that oapi-codegen makes.
//
//	BOWLINE_URL=https://… BOWLINE_TOKEN=… go run . MANAGING_ID ACCOUNT_ID
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"example.com/onboard/bowline"
)

var ctx = context.Background()

type answer interface{ StatusCode() int }

// done ends the program where Bowline refuses.
func done[T answer](said T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	if said.StatusCode() >= 400 {
		log.Fatalf("%+v", said)
	}
	return said
}

func until(client *bowline.ClientWithResponses, number int, ends ...bowline.RunStatus) bowline.RunStatus {
	for {
		run := done(client.ReadRunWithResponse(ctx, number)).JSON200
		for _, end := range ends {
			if run.Status == end {
				return end
			}
		}
		if !run.InProgress {
			log.Fatalf("%s: %+v", run.Status, run.Error)
		}
		time.Sleep(time.Second)
	}
}

func onboard(client *bowline.ClientWithResponses, number int) {
	if until(client, number, bowline.RunStatusPlanned, bowline.RunStatusVerified) == bowline.RunStatusVerified {
		return
	}
	plan := done(client.ReadRunPlanWithResponse(ctx, number)).JSON200
	for _, change := range plan.Changes {
		fmt.Println(change.Verb, change.Kind, change.Name)
	}
	done(client.ApproveRunWithResponse(ctx, number, nil, bowline.RunApproval{Digest: plan.Digest}))
	until(client, number, bowline.RunStatusVerified)
}

func main() {
	token := bowline.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+os.Getenv("BOWLINE_TOKEN"))
		return nil
	})
	client, err := bowline.NewClientWithResponses(os.Getenv("BOWLINE_URL"), token)
	if err != nil {
		log.Fatal(err)
	}
	managing := bowline.ManagingSettings{Name: "managing", AccountId: os.Args[1]}
	done(client.PutManagingAccountWithResponse(ctx, nil, managing))
	onboard(client, done(client.PlanManagingAccountWithResponse(ctx, nil)).JSON202.Number)
	role := "OrganizationAccountAccessRole"
	done(client.PutAccountWithResponse(ctx, "go", nil, bowline.AccountSettings{
		AccountId:  os.Args[2],
		AccessRole: &role,
		Regions:    []string{"us-east-1"},
		Providers:  map[string]map[string]interface{}{"ec2": {}},
	}))
	onboard(client, done(client.PlanAccountWithResponse(ctx, "go", nil)).JSON202.Number)
}
