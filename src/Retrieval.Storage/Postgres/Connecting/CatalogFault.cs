namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>Why the catalog refused.</summary>
public enum CatalogFault
{
    /// <summary>Anything that has no name of its own here; the message is the server's.</summary>
    Other,

    /// <summary>Postgres has no room left on its disk.</summary>
    DiskFull,

    /// <summary>The role of the connection may not do this.</summary>
    Forbidden,

    /// <summary>The database's schema is missing, older or newer than this version's.</summary>
    Schema,

    /// <summary>The named index does not exist, or exists already.</summary>
    Index,

    /// <summary>Another run has the source, the index or its ledger.</summary>
    Taken,

    /// <summary>Others were in the way for as long as this may wait for them: somebody builds or drops an index, for one. Later it may go through.</summary>
    Busy,
}
