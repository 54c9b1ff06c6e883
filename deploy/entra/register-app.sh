#!/usr/bin/env bash
# Registers the gateway in Entra with the permissions of permissions.md, and prints
# the environment that the gateway needs. Needs the Azure CLI, signed in as an
# administrator who may consent to application permissions:
#   az login --tenant TENANT --allow-no-subscriptions
#   ./register-app.sh [--read-only] [--name NAME] [--no-secret] [--user-administrator] [--external-id] [--with PERMISSION]...
# With --operator URL, the gateway's public URL, it makes the registration of an operator
# that other directories consent to; this directory grants it nothing:
#   ./register-app.sh --operator https://scim.example.com [--read-only] [--name NAME] [--no-secret] [--external-id] [--with PERMISSION]...
# --with grants a permission that is in no set, for an optional feature.
set -euo pipefail

GRAPH=00000003-0000-0000-c000-000000000000 # Microsoft Graph in every directory

READ_ONLY=(
  User.Read.All
  Group.Read.All
  GroupMember.Read.All
  Application.Read.All
  Directory.Read.All
  Organization.Read.All
  RoleManagement.Read.Directory
  RoleEligibilitySchedule.Read.Directory
  RoleAssignmentSchedule.Read.Directory
  LicenseAssignment.Read.All
)
READ_WRITE=(
  User.ReadWrite.All
  User.EnableDisableAccount.All
  User.RevokeSessions.All
  User-PasswordProfile.ReadWrite.All
  User-Mail.ReadWrite.All
  User-Phone.ReadWrite.All
  User.DeleteRestore.All
  User.Invite.All
  LicenseAssignment.ReadWrite.All
  Group.Create
  Group.ReadWrite.All
  GroupMember.ReadWrite.All
)

name=entrascim
more=()
write=true
secret=true
role=false
external=false
operator=
while [ $# -gt 0 ]; do
  case $1 in
    --read-only) write=false ;;
    --name) name=${2:?--name needs a value}; shift ;;
    --no-secret) secret=false ;;
    --user-administrator) role=true ;;
    --external-id) external=true ;;
    --with) more+=("${2:?--with needs a permission}"); shift ;;
    --operator) operator=${2:?--operator needs the URL of the gateway}; shift ;;
    *) echo "unknown argument: $1" >&2; exit 2 ;;
  esac
  shift
done

if [ -n "$operator" ] && $role; then
  echo "--user-administrator is for each directory that consents to assign, not for the operator's" >&2
  exit 2
fi

permissions=("${READ_ONLY[@]}")
if $write; then permissions+=("${READ_WRITE[@]}"); fi
if [ ${#more[@]} -gt 0 ]; then permissions+=("${more[@]}"); fi

if [ -n "$operator" ]; then
  app=$(az ad app create --display-name "$name" --sign-in-audience AzureADMultipleOrgs \
    --web-redirect-uris "${operator%/}/consent/callback" --query appId --output tsv)
else
  app=$(az ad app create --display-name "$name" --sign-in-audience AzureADMyOrg --query appId --output tsv)
  principal=$(az ad sp create --id "$app" --query id --output tsv)
fi
graph=$(az ad sp show --id "$GRAPH" --query id --output tsv)

# Ids are looked up by name, so that no number has to be trusted.
for permission in "${permissions[@]}"; do
  id=$(az ad sp show --id "$GRAPH" --output tsv \
    --query "appRoles[?value=='$permission' && contains(allowedMemberTypes, 'Application')].id | [0]")
  if [ -z "$id" ]; then
    echo "this directory's Graph knows no permission $permission" >&2
    exit 1
  fi
  az ad app permission add --id "$app" --api "$GRAPH" --api-permissions "$id=Role" --output none
  if [ -n "$operator" ]; then
    echo "asks for $permission" >&2
    continue
  fi
  # An administrator's consent to one permission is an app role assignment.
  az rest --method post --output none --headers Content-Type=application/json \
    --url "https://graph.microsoft.com/v1.0/servicePrincipals/$principal/appRoleAssignments" \
    --body "{\"principalId\":\"$principal\",\"resourceId\":\"$graph\",\"appRoleId\":\"$id\"}"
  echo "granted $permission" >&2
done

if $role; then
  administrator=$(az rest --method get --output tsv --query 'value[0].id' --url-parameters "\$filter=displayName eq 'User Administrator'" \
    --url https://graph.microsoft.com/v1.0/roleManagement/directory/roleDefinitions)
  az rest --method post --output none --headers Content-Type=application/json \
    --url https://graph.microsoft.com/v1.0/roleManagement/directory/roleAssignments \
    --body "{\"principalId\":\"$principal\",\"roleDefinitionId\":\"$administrator\",\"directoryScopeId\":\"/\"}"
  echo "assigned the role User Administrator" >&2
fi

if $external; then
  # What "entrascim tenant prepare" makes, which needs Application.ReadWrite.OwnedBy or Application.ReadWrite.All.
  az rest --method post --output none --headers Content-Type=application/json \
    --url "https://graph.microsoft.com/v1.0/applications(appId='$app')/extensionProperties" \
    --body '{"name":"externalId","dataType":"String","targetObjects":["User","Group"]}'
  echo "made the property of externalId" >&2
fi

if [ -n "$operator" ]; then
  prefix=ENTRASCIM_OPERATOR
  echo "ENTRASCIM_PUBLIC_URL=${operator%/}"
else
  prefix=AZURE
  echo "AZURE_TENANT_ID=$(az account show --query tenantId --output tsv)"
fi
echo "${prefix}_CLIENT_ID=$app"
if $external && [ -z "$operator" ]; then echo "ENTRASCIM_PROFILE=external-id"; fi
if $secret; then
  echo "${prefix}_CLIENT_SECRET=$(az ad app credential reset --id "$app" --display-name entrascim --years 1 --query password --output tsv)"
fi
