namespace Retrieval.Server.Ingestions;

/// <summary>A file or folder below a root.</summary>
/// <param name="Named">As it was named, below the root as it was configured: the same source has the same key however it is started.</param>
/// <param name="Real">Where it really is; this is what is opened.</param>
/// <param name="Root">Where the root really is.</param>
internal sealed record SourcePath(string Named, string Real, string Root);
