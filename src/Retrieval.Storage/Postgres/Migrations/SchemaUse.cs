namespace Retrieval.Storage.Postgres.Migrations;

/// <summary>What a program is about to do with a catalog. A newer schema may still take programs that only read.</summary>
public enum SchemaUse
{
    /// <summary>Reads.</summary>
    Read,

    /// <summary>Reads and writes.</summary>
    Write,
}
