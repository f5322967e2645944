-- Health of a SpinApp for Argo CD (resource.customizations.health.core.spinkube.dev_SpinApp).
local health = { status = "Progressing", message = "The operator has not looked at this version yet" }
local status = obj.status
if status == nil or status.conditions == nil then
  return health
end
if status.observedGeneration == nil or status.observedGeneration ~= obj.metadata.generation then
  return health
end
for _, condition in ipairs(status.conditions) do
  if condition.type == "Stalled" and condition.status == "True" then
    return { status = "Degraded", message = condition.reason .. ": " .. condition.message }
  end
end
for _, condition in ipairs(status.conditions) do
  if condition.type == "Ready" then
    health.message = condition.reason .. ": " .. condition.message
    if condition.status == "True" then
      health.status = "Healthy"
    end
  end
end
return health
