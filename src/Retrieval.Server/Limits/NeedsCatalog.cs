namespace Retrieval.Server.Limits;

/// <summary>Marks an endpoint that, in catalog mode, can do nothing without the catalog.</summary>
internal sealed class NeedsCatalog;
