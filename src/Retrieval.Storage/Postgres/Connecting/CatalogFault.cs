namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>Why the catalog refused.</summary>
public enum CatalogFault
{
    /// <summary>Any other reason; the message is the server's.</summary>
    Other,

    /// <summary>Postgres has no room left on its disk.</summary>
    DiskFull,

    /// <summary>Postgres cannot get as much shared memory as its parallel workers need.</summary>
    SharedMemory,

    /// <summary>The connection's role does not have the permission.</summary>
    Forbidden,

    /// <summary>The database's schema is missing, older or newer than this version's.</summary>
    Schema,

    /// <summary>The named index does not exist, or exists already.</summary>
    Index,

    /// <summary>Another run holds the source, the index or its checkpoint.</summary>
    Taken,

    /// <summary>
    /// Other sessions blocked this for as long as it may wait, for example while an index is built or dropped. A later attempt
    /// may succeed.
    /// </summary>
    Busy,
}
