namespace Retrieval.Inference;

/// <summary>Where the records of an index lie while they are searched.</summary>
public enum BankPlacement
{
    /// <summary>Mapped on a CPU, resident on CUDA.</summary>
    Auto,

    /// <summary>In the mapped files. On CUDA every call would move the whole bank, so there it is refused.</summary>
    Mapped,

    /// <summary>Copied into the device's memory; on a CPU, into the process's.</summary>
    Resident,
}
