using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>A second follower asked for a cache folder that another follower, of this process or another, is using.</summary>
public sealed class CacheLockedException(string folder, Exception innerException)
    : RetrievalException($"cache folder {folder}: another replica follows the catalog into it; give each replica a folder of its own. Its lock goes with its process, so nothing has to be removed by hand", innerException);
