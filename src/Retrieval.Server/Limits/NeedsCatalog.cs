namespace Retrieval.Server.Limits;

/// <summary>On an endpoint: where there is a catalog, nothing can be done here without it.</summary>
internal sealed class NeedsCatalog;
