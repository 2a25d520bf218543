namespace Retrieval.Server.Ingestions;

/// <summary>A file or folder below a root.</summary>
/// <param name="Named">The path as named, below the root as configured: the same source has the same key however it is started.</param>
/// <param name="Real">Its real location; this is what is opened.</param>
/// <param name="Root">Real location of the root.</param>
internal sealed record SourcePath(string Named, string Real, string Root);
