using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>The folder named for a replica's copies contains something that no replica made: a local index.</summary>
public sealed class CacheFolderTakenException(string folder, string file)
    : RetrievalException($"cache folder {folder}: it holds a local index, which no replica made ({file}); nothing of it was changed. With a catalog, name an empty folder or one that a replica has used (Snapshot:Index, --index); without one, this index can be served as it is");
