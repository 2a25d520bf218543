namespace Retrieval.Storage.Local.Reading.Guard;

/// <summary>
/// Runs when a mapped page cannot be read, on Linux on x86-64. It is machine code, since no managed code can run there: the
/// thread may be one of the runtime's in the middle of managed code, or one of ONNX Runtime's. It is a signal handler with the
/// arguments (signal in edi, siginfo in rsi, context in rdx). It looks up the address in a table of mappings. If the address is
/// in one, it marks that mapping as damaged, replaces the rest of it with zeroed pages, and lets the access continue. Any other
/// address goes to the previous handler. It touches only registers that a C function may change, the table, and 40 bytes of the
/// stack.
/// </summary>
internal static class FaultCode
{
    /// <summary>The code as assembler source (GNU as). A test checks the bytes against it.</summary>
    public const string Listing = """
                .intel_syntax noprefix
        handler:
            cmp     dword ptr [rsi+8], 0        # si_code: above 0 if the kernel raised it for an access
            mov     r8, 0x1122334455667788      # address of the table, put in when the code is placed
            jle     chain
            mov     rax, [rsi+16]               # si_addr: what was accessed
            mov     rcx, [r8+8]                 # entries ever used
            lea     r9, [r8+64]                 # the first entry
        next:
            test    rcx, rcx
            jz      chain
            dec     rcx
            cmp     rax, [r9]                   # below its start?
            jb      skip
            cmp     rax, [r9+8]                 # before its end?
            jb      found
        skip:
            add     r9, 32
            jmp     next
        chain:
            jmp     [r8]                        # the handler before this one, with the same arguments
        found:
            mov     qword ptr [r9+16], 1        # damaged: said before a zero can be read
            push    rdi
            push    rsi
            push    rdx
            push    r8
            mov     rdi, rax
            and     rdi, -4096                  # from the page that was accessed
            mov     rsi, [r9+8]
            sub     rsi, rdi                    # to the end of the mapping
            mov     edx, 1                      # PROT_READ
            mov     r10d, 0x32                  # MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS
            mov     r8, -1                      # no file
            xor     r9d, r9d                    # offset 0
            mov     eax, 9                      # mmap
            syscall
            pop     r8
            pop     rdx
            pop     rsi
            pop     rdi
            cmp     rax, -4095                  # an error, as an unsigned number
            jae     chain
            ret                                 # the access is made again, and reads zeros

        """;

    /// <summary>Position in the code of the table's address, 8 bytes.</summary>
    public const int TablePlace = 6;

    /// <summary>The value there until the address is written.</summary>
    public const long TablePlaceholder = 0x1122334455667788;

    // The table: a header of 64 bytes (the previous handler, the number of entries ever used), then entries of 32 bytes (start,
    // end, damaged, unused).
    public const int HeadBytes = 64;
    public const int EntryBytes = 32;
    public const int FormerPlace = 0;
    public const int UsedPlace = 1;
    public const int StartPlace = 0;
    public const int EndPlace = 1;
    public const int DamagedPlace = 2;

    /// <summary>The code: one line per instruction.</summary>
    public static ReadOnlySpan<byte> Bytes =>
    [
        0x83, 0x7e, 0x08, 0x00,
        0x49, 0xb8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
        0x7e, 0x25,
        0x48, 0x8b, 0x46, 0x10,
        0x49, 0x8b, 0x48, 0x08,
        0x4d, 0x8d, 0x48, 0x40,
        0x48, 0x85, 0xc9,
        0x74, 0x14,
        0x48, 0xff, 0xc9,
        0x49, 0x3b, 0x01,
        0x72, 0x06,
        0x49, 0x3b, 0x41, 0x08,
        0x72, 0x09,
        0x49, 0x83, 0xc1, 0x20,
        0xeb, 0xe7,
        0x41, 0xff, 0x20,
        0x49, 0xc7, 0x41, 0x10, 0x01, 0x00, 0x00, 0x00,
        0x57,
        0x56,
        0x52,
        0x41, 0x50,
        0x48, 0x89, 0xc7,
        0x48, 0x81, 0xe7, 0x00, 0xf0, 0xff, 0xff,
        0x49, 0x8b, 0x71, 0x08,
        0x48, 0x29, 0xfe,
        0xba, 0x01, 0x00, 0x00, 0x00,
        0x41, 0xba, 0x32, 0x00, 0x00, 0x00,
        0x49, 0xc7, 0xc0, 0xff, 0xff, 0xff, 0xff,
        0x45, 0x31, 0xc9,
        0xb8, 0x09, 0x00, 0x00, 0x00,
        0x0f, 0x05,
        0x41, 0x58,
        0x5a,
        0x5e,
        0x5f,
        0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff,
        0x73, 0xb6,
        0xc3,
    ];
}
