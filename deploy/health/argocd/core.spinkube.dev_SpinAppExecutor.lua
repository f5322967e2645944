-- Health of a SpinAppExecutor for Argo CD: it is a setting, and goes when no app names it.
if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "Waits until no SpinApp names it" }
end
return { status = "Healthy", message = "" }
