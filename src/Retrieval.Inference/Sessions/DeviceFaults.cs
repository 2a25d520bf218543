namespace Retrieval.Inference.Sessions;

/// <summary>Decides by the runtime's message, the only indication it gives, whether a device or its memory failed.</summary>
internal static class DeviceFaults
{
    private const string CuDnn = "cudnn";

    private static readonly string[] Signs =
    [
        "failed to allocate memory",
        "available memory of", // "… is smaller than requested bytes of …": an arena at its limit.
        "bad_alloc",
        "bad allocation",
        "out of memory",
        "cuda failure",
        "cuda error",
        "cublas failure",
        "cublas_status",
        CuDnn,
    ];

    public static bool Is(string message) => Array.Exists(Signs, sign => message.Contains(sign, StringComparison.OrdinalIgnoreCase));

    /// <summary>What an operator can do about it; empty if nothing is known.</summary>
    public static string Remedy(string message) => message.Contains(CuDnn, StringComparison.OrdinalIgnoreCase)
        ? ". On CUDA a text encoder with a GRU needs cuDNN 9 (libcudnn.so.9) where the loader looks (LD_LIBRARY_PATH, ldconfig)"
        : "";
}
