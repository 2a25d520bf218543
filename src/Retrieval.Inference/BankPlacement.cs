namespace Retrieval.Inference;

/// <summary>Where the records of an index are stored while they are searched.</summary>
public enum BankPlacement
{
    /// <summary>Mapped on a CPU, resident on CUDA.</summary>
    Auto,

    /// <summary>In the mapped files. Refused on CUDA, where every batch would transfer the whole bank.</summary>
    Mapped,

    /// <summary>Copied into device memory; on a CPU, into the process's memory.</summary>
    Resident,
}
